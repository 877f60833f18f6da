/** Sets the status of somebody else, until when, and who covers. */

import { effect, signal, useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { nextTime, STATUSES } from "../commands";
import type { Entry } from "../find/index";
import { lookUp } from "../search";
import { showAndFocus } from "../show";
import { whyNot } from "../site";
import { changes, chosen, now, pane, say } from "../state";
import { t, word } from "../words";
import { Acts, leave } from "./acts";
import { Options } from "./options";

const form = {
  who: signal<Entry | null>(null),
  status: signal<string>("off"),
  until: signal(""),
  cover: signal(""),
};
/** Whom what was typed for the cover may mean. */
const offered = signal<readonly Entry[]>([]);
const cover = signal<Entry | null>(null);

effect(() => {
  const typed = form.cover.value.trim();
  if (cover.peek()?.name === typed) return;
  cover.value = null;
  offered.value = [];
  const still = (): boolean => form.cover.peek().trim() === typed;
  if (typed)
    lookUp(typed, 5, still, (found) => {
      offered.value = found.filter((one) => one.kind === "person" || one.kind === "role");
    });
});

export function beginStatus(who: Entry, status = "off", until = "", covers = ""): void {
  showAndFocus(() => {
    form.who.value = who;
    form.status.value = status || "off";
    form.until.value = until;
    form.cover.value = covers;
    cover.value = null;
    pane.value = "status";
  }, "status-until");
}

const isNumber = (text: string): boolean => /^[+\d][\d ()/-]{2,}$/.test(text);

/** Who is meant: whoever was chosen, the only one who was found, or a number. */
function covering(): string | null {
  const typed = form.cover.peek().trim();
  if (!typed) return "";
  const one = cover.peek() ?? (offered.peek().length === 1 ? offered.peek()[0] : undefined);
  return one?.id ?? (isNumber(typed) ? `number:${typed}` : null);
}

export async function setStatus(): Promise<void> {
  const who = form.who.peek();
  if (!who) return;
  const until = form.until.peek().trim();
  const at = until ? nextTime(until, now.peek()) : null;
  const covers = covering();
  if (until && !at) return say(t("set.time"), true);
  if (covers === null || (form.status.peek() === "off" && !covers)) return say(t("set.nocover"), true);
  const body = {
    status: form.status.peek(),
    ...(at && form.status.peek() !== "available" ? { until: at.toISOString() } : {}),
    ...(covers ? { cover: covers } : {}),
  };
  try {
    await ask("PUT /v1/people/{person_id}/status", { path: { person_id: who.id }, body });
  } catch (error) {
    return say(whyNot(error), true);
  }
  changes.value++;
  say(t("set.done", { name: who.name, status: word("status", form.status.peek()) }));
  chosen.value = null;
  leave();
}

export function Status() {
  const { who, status, until } = form;
  const at = useSignal(0);
  const choose = (one: Entry): void => {
    cover.value = one;
    form.cover.value = one.name;
    offered.value = [];
  };
  return (
    <section class="pane" aria-labelledby="set-title">
      <h2 id="set-title">{t("set.title", { name: who.value?.name ?? "" })}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void setStatus();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && event.target instanceof HTMLInputElement)
            event.preventDefault();
        }}
      >
        <label>
          {t("set.status")}
          <select
            value={status.value}
            onChange={(event) => {
              status.value = event.currentTarget.value;
            }}
          >
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {word("status", one)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("set.until")}
          <input
            id="status-until"
            type="text"
            inputMode="numeric"
            maxLength={5}
            value={until.value}
            onInput={(event) => {
              until.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          {t("set.cover")}
          <input
            type="text"
            role="combobox"
            aria-expanded={offered.value.length > 0}
            aria-controls="covers"
            autoComplete="off"
            placeholder={t("set.cover.hint")}
            value={form.cover.value}
            onInput={(event) => {
              form.cover.value = event.currentTarget.value;
              at.value = 0;
            }}
            onKeyDown={(event) => {
              const list = offered.peek();
              if (event.key === "ArrowDown") at.value = Math.min(list.length - 1, at.peek() + 1);
              else if (event.key === "ArrowUp") at.value = Math.max(0, at.peek() - 1);
              else if (event.key === "Enter" && !event.ctrlKey && list[at.peek()]) choose(list[at.peek()] as Entry);
              else return;
              event.preventDefault();
            }}
          />
        </label>
        <Options
          id="covers"
          label={t("set.cover")}
          list={offered.value}
          entryOf={(one) => one}
          chosen={offered.value[at.value]?.id ?? ""}
          onChoose={choose}
        >
          {(one) => (
            <>
              <bdi>{one.name}</bdi> <span class="about">{[one.title, one.where].filter(Boolean).join(" · ")}</span>
            </>
          )}
        </Options>
        <Acts label={t("set.save")} />
      </form>
    </section>
  );
}
