/** A list of people from another system: looked at field by field, then taken in. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Table } from "../parts/table";
import { address } from "../state";
import { readText } from "../who/file";
import { count, t } from "./words";

type Seen = Answer<"POST /v1/people/import">;
// So large a list takes the server some seconds.
const TIMEOUT_MS = 120_000;

export function Roster() {
  const source = useSignal("hr");
  const csv = useSignal("");
  const seen = useSignal<Seen | null>(null);
  const sure = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const run = async (dry: boolean): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      const body = { source: source.value.trim(), csv: csv.value, confirm_removals: sure.value && !dry };
      seen.value = await ask("POST /v1/people/import", { body, query: { dry_run: dry }, timeoutMs: TIMEOUT_MS });
    } catch (refused) {
      error.value = refused;
      seen.value = null;
    } finally {
      busy.value = false;
    }
  };
  const look = seen.value;
  return (
    <>
      <h1>{t("roster.title")}</h1>
      <section>
        <p>{t("roster.about")}</p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            sure.value = false;
            void run(true);
          }}
        >
          <div class="field">
            <label for="roster-source">{t("roster.source")}</label>
            <input
              id="roster-source"
              value={source.value}
              required
              pattern="[a-z0-9][a-z0-9._\-]*"
              aria-describedby="roster-source-hint"
              onInput={(event) => {
                source.value = event.currentTarget.value;
                seen.value = null;
              }}
            />
            <span class="hint" id="roster-source-hint">
              {t("roster.source.hint")}
            </span>
          </div>
          <div class="field">
            <label for="roster-file">{t("roster.file")}</label>
            <input
              id="roster-file"
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => {
                const [file] = event.currentTarget.files ?? [];
                seen.value = null;
                if (file)
                  void readText(file).then((text) => {
                    csv.value = text;
                  });
              }}
            />
          </div>
          <div class="field">
            <label for="roster-text">{t("roster.text")}</label>
            <textarea
              id="roster-text"
              rows={8}
              spellcheck={false}
              value={csv.value}
              onInput={(event) => {
                csv.value = event.currentTarget.value;
                seen.value = null;
              }}
            />
          </div>
          <div class="buttons">
            <button type="submit" class={look ? "" : "first"} disabled={busy.value || !csv.value}>
              {t("roster.look")}
            </button>
          </div>
        </form>
        {error.value ? <Failed error={error.value} /> : null}
      </section>
      {look && (
        <section>
          <h2>{look.dry_run ? t("roster.would") : t("roster.did")}</h2>
          <p role="status">
            {[
              count("roster.added", look.added),
              count("roster.changed", look.changed),
              count("roster.disabled", look.disabled),
              count("roster.same", look.same),
            ].join(" · ")}
          </p>
          <Lines look={look} />
          {look.dry_run && (look.added > 0 || look.changed > 0 || look.disabled > 0) && (
            <>
              {look.many_leave && (
                <p class="stale">
                  <label>
                    <input
                      type="checkbox"
                      checked={sure.value}
                      onChange={(event) => {
                        sure.value = event.currentTarget.checked;
                      }}
                    />{" "}
                    {t("roster.sure", { n: look.disabled })}
                  </label>
                </p>
              )}
              <div class="buttons">
                <button
                  type="button"
                  class="first"
                  disabled={busy.value || (look.many_leave && !sure.value)}
                  onClick={() => void run(false)}
                >
                  {t("roster.take")}
                </button>
              </div>
            </>
          )}
        </section>
      )}
    </>
  );
}

interface Line {
  key: string;
  what: "add" | "change" | "disable";
  id: string;
  name: string;
  detail: string[];
}

/** What a list does, a line for each person. Pure. */
export function linesOf(look: Seen): Line[] {
  return [
    ...look.disable.map(
      (one): Line => ({
        key: one.id,
        what: "disable",
        id: one.id,
        name: one.name,
        detail: one.open ? [t("ties.open")] : [],
      }),
    ),
    ...look.change.map(
      (one): Line => ({
        key: one.id,
        what: "change",
        id: one.id,
        name: one.name,
        detail: one.fields.map(({ field, before, after }) => `${field}: ${before || "–"} → ${after || "–"}`),
      }),
    ),
    ...look.add.map(
      (one): Line => ({
        key: one.external_id,
        what: "add",
        id: "",
        name: one.name,
        detail: one.title ? [one.title] : [],
      }),
    ),
  ];
}

function Lines({ look }: { look: Seen }) {
  return (
    <Table
      caption={t("roster.would")}
      rows={linesOf(look)}
      keyOf={(line) => `${line.what} ${line.key}`}
      empty={t("roster.nothing")}
      filter
      columns={[
        {
          key: "what",
          head: t("roster.what"),
          value: (line) => t(`roster.${line.what}`),
          cell: (line) => <strong>{t(`roster.${line.what}`)}</strong>,
        },
        {
          key: "name",
          head: t("name"),
          value: (line) => line.name,
          cell: (line) => (line.id ? <a href={address("people", line.id)}>{line.name}</a> : <bdi>{line.name}</bdi>),
        },
        {
          key: "detail",
          head: t("roster.detail"),
          value: (line) => line.detail.join(" "),
          cell: (line) => line.detail.map((one) => <p key={one}>{one}</p>),
        },
      ]}
    />
  );
}
