/** What the person sees of a message, and how an event changes it. Pure: rows are never changed, only replaced. */

import {
  type DeliveryView,
  type Event,
  type MessageView,
  PRIORITIES,
  type Priority,
  type PromiseLine,
  type StatusFrame,
} from "./frames";

export interface Row {
  id: string;
  /** Orders rows: when it was stored, Unix milliseconds. */
  at: number;
  message: MessageView | null;
  /** Whether this person sent it. */
  sent: boolean;
  /** How it stands with this person, when they are a recipient. */
  mine: DeliveryView | null;
  /** How it stands with others, by person. */
  others: Record<string, DeliveryView>;
  names: Record<string, string>;
  /** Whether the device makes itself heard for it. */
  rings: boolean;
  /** Its source or its sender has ended it: the event that did; "" while it runs. */
  ended: string;
  /** By whom it was ended, where that was said. */
  by: string;
  /** Who else has it, or holds the role now. */
  taken: string;
  /** Whoever has it is asked whether it is still open. */
  asked: boolean;
  /** Who is called by when if nobody answers: Unix milliseconds. */
  promise: { at: number; who: string; how: string }[];
  /** How it went with others, as far as this device was told, oldest first; of a message one has sent. */
  steps?: DeliveryView[];
}

/** So many steps are kept of a message. */
const STEPS_MAX = 200;

const SILENCE = new Set([
  "read",
  "answered",
  "taken",
  "handed_over",
  "cancelled",
  "recalled",
  "all_clear",
  "cleared",
  "expired",
]);
const ENDS = new Set(["cancelled", "recalled", "all_clear", "cleared", "expired"]);
const RESPONDED = new Set(["accepted", "declined", "answered"]);

export function emptyRow(id: string, at: number): Row {
  return {
    id,
    at,
    message: null,
    sent: false,
    mine: null,
    others: {},
    names: {},
    rings: false,
    ended: "",
    by: "",
    taken: "",
    asked: false,
    promise: [],
  };
}

/** Apply an event to what is known; `now` is the device's own clock, for a row that carries no time. */
export function applyEvent(known: Row | undefined, event: Event, me: string, now: number): Row {
  const row: Row = { ...(known ?? emptyRow(event.id, now - (event.age_ms ?? 0))) };
  if (event.message) {
    row.message = event.message;
    row.at = Date.parse(event.message.stored_at);
    // A test of one's own alerts is to be heard like somebody else's message.
    row.sent = event.message.sender.person === me && event.message.kind !== "test";
    if (event.message.promise?.length) row.promise = promised(event.message.promise, row.at);
  }
  const others = { ...row.others };
  const names = { ...row.names };
  for (const view of event.deliveries ?? []) {
    if (view.name) names[view.person] = view.name;
    if (view.person === me) row.mine = view;
    else {
      if (row.sent) row.steps = stepped(row, view);
      others[view.person] = view;
    }
  }
  row.others = others;
  row.names = names;
  const toMe = !row.sent || event.event === "new" || event.event === "ring"; // one may write to oneself
  if (toMe && row.mine === null) row.mine = { message: row.id, person: me, state: "pending", at: isoOf(now) };

  const by = event.deliveries?.find((view) => view.by)?.by;
  if (by) row.by = by;
  if (ENDS.has(event.event) && !(event.event === "expired" && row.sent)) row.ended = event.event;
  if (event.event === "taken" || event.event === "handed_over") {
    row.taken = event.deliveries?.find((view) => view.person !== me && view.name)?.name ?? row.taken;
  }
  if (event.event === "ring" || event.event === "handed_back") row.taken = "";
  row.asked = event.event === "still_active" || (row.asked && event.event === "read");
  if (event.rings) row.rings = true;
  else if (SILENCE.has(event.event)) row.rings = false;
  return row;
}

/** Take how one of the person's own messages stands, live; null when that is no news. */
export function applyStatus(known: Row, status: StatusFrame): Row | null {
  const before = known.others[status.person];
  if (before && Date.parse(status.at) < Date.parse(before.at)) return null;
  if (before?.state === status.state && before.response === status.response) return null;
  const view: DeliveryView = { message: status.message, person: status.person, state: status.state, at: status.at };
  if (status.response) view.response = status.response;
  if (status.device) view.device = status.device;
  const names = status.name ? { ...known.names, [status.person]: status.name } : known.names;
  return { ...known, others: { ...known.others, [status.person]: view }, names, steps: stepped(known, view) };
}

/** The steps of a row with one more, unless it is the last one of its person again. */
function stepped(row: Row, view: DeliveryView): DeliveryView[] {
  const steps = row.steps ?? [];
  const last = steps.findLast((one) => one.person === view.person);
  return last?.state === view.state && last.response === view.response ? steps : [...steps, view].slice(-STEPS_MAX);
}

/** A promise with its instants; `at` is when the message was stored, Unix milliseconds. */
export function promised(lines: PromiseLine[], at: number): Row["promise"] {
  return lines.map((line) => ({ at: at + 1_000 * line.in_s, who: line.who, how: line.how }));
}

const CALLS = /^(step \d+( again)?|backup|hand over|part missing|desk|sender)$/;

/** Whether a line of a promise calls or tells somebody; the others say until when an endpoint must have confirmed. */
export const callsAnew = ({ how }: { how: string }): boolean => CALLS.test(how);

/** Who is called, or told, later than now; nobody is told that nothing was delivered once everything was. */
export function ahead(row: Row, now: number): Row["promise"] {
  const waits = Object.values(row.others).some((view) => view.state === "pending");
  return row.promise.filter((line) => line.at > now && callsAnew(line) && (line.how !== "sender" || waits));
}

// What is asked of a row -------------------------------------------------------------------------------------------

export function priorityOf(row: Row): Priority {
  const priority = row.message?.priority as Priority | undefined;
  return priority && PRIORITIES.includes(priority) ? priority : "low";
}

export function offersAnswer(row: Row): boolean {
  const offered = row.message?.responses;
  return !!offered && !!(offered.accept_decline || offered.choices?.length || offered.free_text);
}

export function hasAnswered(row: Row): boolean {
  return RESPONDED.has(row.mine?.state ?? "");
}

/** Whether the person is still asked for an answer. */
export function needsMe(row: Row): boolean {
  if (row.sent || row.ended || row.taken) return false;
  return row.asked || (offersAnswer(row) && !hasAnswered(row));
}

export function isUnread(row: Row): boolean {
  return (
    !row.sent &&
    !row.ended &&
    (row.mine?.state === "delivered" || row.mine?.state === "pending" || row.mine?.state === "unreachable")
  );
}

/** Order of the inbox: unanswered first, then the more urgent, then the newer. */
export function compareRows(one: Row, other: Row): number {
  const [a, b] = [needsMe(one), needsMe(other)];
  if (a !== b) return a ? -1 : 1;
  if (a) {
    const urgency = PRIORITIES.indexOf(priorityOf(one)) - PRIORITIES.indexOf(priorityOf(other));
    if (urgency !== 0) return urgency;
  }
  return other.at - one.at;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
