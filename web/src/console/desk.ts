/** The desk changes hands: what is open, the notes that are written to it, and what others hand over. */

import { computed, effect, signal } from "@preact/signals";
import type { HandoverOut, ThingOut } from "../core/generated/api";
import { ask } from "../core/rest";
import { showAndFocus } from "./show";
import { isAway, whyNot } from "./site";
import { soon } from "./soon";
import { alerts, client, database, pane, rows, say } from "./state";
import { t } from "./words";

const LAST = 5;

export const handovers = signal<readonly HandoverOut[]>([]);
/** What this operator would hand over; null while it is asked for. */
export const things = signal<readonly ThingOut[] | null>(null);
export const trouble = signal<"" | "away" | "error">("");
export const why = signal("");
/** What is being written: kept on the disk, so that a reload loses none of it. */
export const draft = { note: signal(""), notes: signal<Readonly<Record<string, string>>>({}) };

const me = computed(() => client.value?.card.person ?? "");
/** Handed over by somebody else, and nobody has taken it. */
export const offered = computed(() =>
  handovers.value.filter((one) => one.state === "open" && one.giver.person !== me.value),
);
/** Handed over by this operator, and nobody has taken it. */
export const given = computed(() =>
  handovers.value.find((one) => one.state === "open" && one.giver.person === me.value),
);

let asked = 0;

export async function load(): Promise<void> {
  const mine = ++asked;
  try {
    const [list, open] = await Promise.all([
      ask("GET /v1/handovers", { query: { limit: LAST } }),
      ask("GET /v1/handovers/open"),
    ]);
    if (mine !== asked) return;
    handovers.value = list.data;
    things.value = open.items;
    // Without the live link nobody would say that it is not so any more.
    trouble.value = client.peek()?.link.peek().link === "live" ? "" : "away";
  } catch (error) {
    if (mine !== asked) return;
    why.value = whyNot(error);
    trouble.value = isAway(error) ? "away" : "error";
  }
}

export function openDesk(): void {
  showAndFocus(
    () => {
      pane.value = "desk";
    },
    offered.peek().length > 0 ? "desk-title" : "desk-note",
  );
  void load();
}

/** What Ctrl+Enter does: take over what is offered, else hand over. */
export async function confirm(): Promise<void> {
  const first = offered.peek()[0];
  await (first ? accept(first) : handOver());
}

export async function accept(one: HandoverOut): Promise<void> {
  try {
    await ask("POST /v1/handovers/{handover_id}/accept", { path: { handover_id: one.id } });
    say(t("desk.accepted", { who: one.giver.name ?? "" }));
  } catch (error) {
    say(whyNot(error), true);
  }
  await load();
}

export async function handOver(): Promise<void> {
  const note = oneLine(draft.note.peek());
  if (!note) return say(t("desk.note.missing"), true);
  const open = new Set((things.peek() ?? []).map((one) => one.id));
  const notes = Object.fromEntries(
    Object.entries(draft.notes.peek()).flatMap(([id, text]) =>
      open.has(id) && text.trim() ? [[id, oneLine(text)]] : [],
    ),
  );
  try {
    await ask("POST /v1/handovers", { body: { note, notes } });
  } catch (error) {
    return say(isAway(error) ? t("desk.away") : whyNot(error), true);
  }
  draft.note.value = "";
  draft.notes.value = {};
  say(t("desk.given"));
  await load();
}

const oneLine = (text: string): string =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .join("; ");

/** Whatever a device hears may change what is open; that somebody hands over is told with the alarms. */
export async function begin(): Promise<void> {
  const kept = await database
    .get<{ note: string; notes: Record<string, string> }>("state", "handover")
    .catch(() => undefined);
  if (kept) {
    draft.note.value = kept.note;
    draft.notes.value = kept.notes;
  }
  effect(() => {
    const written = { note: draft.note.value, notes: draft.notes.value };
    void database.put("state", "handover", written).catch(() => undefined);
  });
  effect(() => {
    const mark = client.value?.deskMark.value;
    const link = client.value?.link.value.link;
    if (link === "live" && mark !== undefined) void load();
    else if (link === "away" || link === "refused") trouble.value = "away";
  });
  const again = soon(() => void load());
  effect(() => {
    const heard = [alerts.value, rows.value];
    if (pane.value === "desk" && heard.length > 0) again();
  });
}
