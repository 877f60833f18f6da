/** Technical alarms: what is open and who has it, asked for anew whenever the site says that something has changed. */

import { computed, effect, signal } from "@preact/signals";
import { needsMe, type Row } from "../core/device/rows";
import type { AlarmOut } from "../core/generated/api";
import { ask, each } from "../core/rest";
import { isAway, whyNot } from "./site";
import { client, now, rows, say } from "./state";
import { t } from "./words";

/** What is over stays to be seen for so long. */
const SHOWN_MS = 3_600_000;
const AGAIN_MS = 5_000;

/** `since`: as of when the list is, Unix milliseconds of the site; 0 = there is none yet. */
export const list = signal<{ open: readonly AlarmOut[]; over: readonly AlarmOut[]; since: number }>({
  open: [],
  over: [],
  since: 0,
});
/** What is wrong with the list; "" = nothing. */
export const trouble = signal<"" | "away" | "error">("");
export const why = signal("");
export const isUntaken = (alarm: AlarmOut): boolean => alarm.state === "open";
export const untaken = computed(() => list.value.open.filter(isUntaken));
export const over = computed(() =>
  list.value.over.filter((alarm) => Date.parse(alarm.cleared_at ?? "") > now.value - SHOWN_MS),
);

/** What an alarm says, and the message whose way tells more; "" = none. */
export function readDetail(detail: string): { text: string; message: string } {
  const found = /^(.*?)(?: Its story: )?(msg_[0-9a-f]{32})$/s.exec(detail);
  return { text: found?.[1] ?? detail, message: found?.[2] ?? "" };
}

/** Whether a row is what rings at the desk for one of them: while the list is good, it is shown there alone. */
export const isAlarm = (row: Row): boolean => row.message?.kind === "technical_alarm";

/** A call that nobody answers, or that lacks somebody, waits behind no others, however many those are. */
const FIRST = new Set(["part_missing", "unanswered"]);
const behind = (alarm: AlarmOut): number => Number(!FIRST.has(alarm.kind));

let asking = false;
let changed = false;

/** Ask how they stand; what changes meanwhile is asked for once more. */
export async function load(): Promise<void> {
  changed = true;
  if (asking) return;
  asking = true;
  try {
    while (changed) {
      changed = false;
      await read();
    }
    // Without the live link nobody would say that it is not so any more.
    trouble.value = client.peek()?.link.peek().link === "live" ? "" : "away";
  } catch (error) {
    why.value = whyNot(error);
    trouble.value = isAway(error) ? "away" : "error";
    if (client.peek()?.link.peek().link === "live") setTimeout(load, AGAIN_MS);
  } finally {
    asking = false;
  }
}

async function read(): Promise<void> {
  const since = now.peek();
  const open: AlarmOut[] = [];
  for await (const alarm of each("GET /v1/alarms", { query: {} })) open.push(alarm);
  const before = list.peek();
  const still = new Set(open.map((alarm) => alarm.id));
  const gone = before.open.filter((alarm) => !still.has(alarm.id));
  const ended =
    before.since === 0
      ? (await ask("GET /v1/alarms", { query: { cleared: true, limit: 50 } })).data.filter(
          (alarm) => alarm.cleared_at,
        )
      : await Promise.all(gone.map(({ id }) => ask("GET /v1/alarms/{alarm_id}", { path: { alarm_id: id } })));
  const over = new Map([...ended, ...before.over].map((alarm) => [alarm.id, alarm]));
  open.sort(
    (one, other) =>
      Number(isUntaken(other)) - Number(isUntaken(one)) || behind(one) - behind(other) || compare(one, other),
  );
  list.value = {
    open,
    over: [...over.values()].sort((one, other) => compare(other, one, "cleared_at")),
    since,
  };
}

const compare = (one: AlarmOut, other: AlarmOut, by: "raised_at" | "cleared_at" = "raised_at"): number =>
  (one[by] ?? "").localeCompare(other[by] ?? "");

/** Say that this operator sees to it: while the site is away by the message that rings for it, which waits. */
export async function take(alarm: AlarmOut): Promise<void> {
  const row = rows.peek().find((one) => one.id === alarm.told_by);
  try {
    if (client.peek()?.link.peek().link !== "live" && row && needsMe(row)) {
      await client.peek()?.answer(row, { word: "accept" });
      say(t("alarms.waits"));
      return;
    }
    await ask("POST /v1/alarms/{alarm_id}/take", { path: { alarm_id: alarm.id } });
    say(t("alarms.mine"));
  } catch (error) {
    say(whyNot(error), true);
  }
  await load();
}

/** Say that it is over, and why. Returns whether the site has written it down. */
export async function clear(alarm: AlarmOut, reason: string): Promise<boolean> {
  try {
    await ask("POST /v1/alarms/{alarm_id}/clear", { path: { alarm_id: alarm.id }, body: { why: reason } });
  } catch (error) {
    say(whyNot(error), true);
    return false;
  }
  say(t("alarms.cleared"));
  void load();
  return true;
}

export function begin(): void {
  effect(() => {
    const mark = client.value?.deskMark.value; // read, so that each change runs this
    const link = client.value?.link.value.link;
    if (link === "live" && mark !== undefined) void load();
    else if (link === "away" || link === "refused") trouble.value = "away";
  });
}
