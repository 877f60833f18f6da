/** The field that is always one key away, and what it finds. */

import { command, confirmed, copied, move, typed } from "../search";
import { chosen, pane, results } from "../state";
import { t, word } from "../words";
import { Options, optionId } from "./options";

export const focusOmnibox = (): void => {
  const field = document.getElementById("omnibox");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
};

export function Omnibox({ onEnter }: { onEnter: () => void }) {
  return (
    <div class="omnibox" role="search">
      <label for="omnibox">{t("find.label")}</label>
      <input
        id="omnibox"
        type="text"
        role="combobox"
        aria-expanded={results.value.length > 0}
        aria-controls="results"
        aria-autocomplete="list"
        aria-activedescendant={
          chosen.value && results.value.length > 0 ? optionId("results", chosen.value.id) : undefined
        }
        autoComplete="off"
        spellcheck={false}
        placeholder={t("find.hint")}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          // Whoever looks for somebody wants to see them; what is being written stays.
          if (!["page", "status", "paper"].includes(pane.peek())) pane.value = "detail";
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") move(1);
          else if (event.key === "ArrowUp") move(-1);
          else if (event.key === "PageDown") move(8);
          else if (event.key === "PageUp") move(-8);
          else if (event.key === "Enter" && !event.ctrlKey && !event.isComposing) onEnter();
          else return;
          event.preventDefault();
        }}
      />
    </div>
  );
}

export function Results() {
  const it = command.value;
  const asked = "query" in it ? it.query : "";
  return (
    <section class="pane results" aria-labelledby="results-title">
      <h2 id="results-title">{t("find.results")}</h2>
      <Options
        id="results"
        label={t("find.results")}
        list={results.value}
        entryOf={(one) => one.entry}
        chosen={chosen.value?.id ?? ""}
        onChoose={({ entry }) => {
          chosen.value = entry;
          focusOmnibox();
        }}
      >
        {({ entry, found }) => (
          <>
            <span class="name">
              <bdi>{entry.name}</bdi>
              {!!found?.on_call?.length && <span class="badge">{t("oncall.badge")}</span>}
            </span>
            <span class="kind">{word("kind", entry.kind)}</span>
            <span class="about">
              {[
                entry.title && entry.kind !== "place" ? entry.title : "",
                entry.where,
                found?.on_call?.join(", "),
                found?.status && found.status !== "available" ? word("status", found.status) : "",
                found?.answers?.length ? `→ ${found.answers.map((one) => one.name).join(", ")}` : "",
                found?.kind === "role" && !found.answers?.length ? `→ ${t("nobody")}` : "",
                found?.reach === "none" ? t("reach.none") : "",
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </>
        )}
      </Options>
      <p class="quiet" role="status">
        {asked && results.value.length === 0 && confirmed.value !== false ? t("find.none", { q: asked }) : ""}
        {asked && confirmed.value === null ? ` ${t("find.local")}` : ""}
      </p>
      {!asked && <Hints />}
      <Copy />
    </section>
  );
}

function Hints() {
  return (
    <div class="hints">
      <p>{t("find.empty")}</p>
      <h3>{t("find.commands")}</h3>
      <ul>
        {(["cmd.p", "cmd.o", "cmd.c", "cmd.s", "cmd.t"] as const).map((key) => {
          const [typed, does] = t(key).split("  ");
          return (
            <li key={key}>
              <kbd>{typed}</kbd> {does}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** How whole the copy is, by which this console finds while nobody answers. */
function Copy() {
  const { size, fresh, failed } = copied.value;
  if (failed >= 0 && size === 0) return <p class="quiet">{t("find.nocopy", { why: failed || "…" })}</p>;
  return <p class="quiet copy">{t(fresh || failed >= 0 ? "find.size" : "find.copying", { n: size })}</p>;
}
