/**
 * What can happen to a row, written down so that it can be done later: a locked device keeps it sealed until then.
 *
 * Also what a row shows while the device is locked (`faceOf`). Pure.
 */

import type { Event, MessageView, Statement, StatusFrame, StoredFrame } from "../device/frames";
import type { Said } from "../device/outbox";
import { applyEvent, applyStatus, emptyRow, offersAnswer, promised, type Row } from "../device/rows";
import type { DeliveryView } from "../generated/frames";

/** `at`: Unix milliseconds of this device. */
export type Change =
  | { k: "event"; event: Event; at: number }
  | { k: "confirmed" }
  | { k: "status"; frame: StatusFrame }
  | { k: "stored"; said: Said; frame: StoredFrame }
  | { k: "done"; said: Said; state: string; at: number }
  | { k: "read"; at: number };

const UNCONFIRMED = ["pending", "unreachable"];

/** The row afterwards; null when this is no news. */
export function applyChange(known: Row | undefined, change: Change, me: string): Row | null {
  switch (change.k) {
    case "event":
      return applyEvent(known, change.event, me, change.at);
    case "stored":
      return change.said.kind === "test" ? null : sent(known, change.said, change.frame, me);
    case "status":
      return known ? applyStatus(known, change.frame) : null;
    case "done":
      return known ? answered(known, change.said, change.state, change.at, me) : null;
    case "confirmed":
      return known?.mine && UNCONFIRMED.includes(known.mine.state)
        ? { ...known, mine: { ...known.mine, state: "delivered" } }
        : null;
    case "read":
      return known?.mine && [...UNCONFIRMED, "delivered"].includes(known.mine.state)
        ? { ...known, rings: false, mine: { ...known.mine, state: "read", at: new Date(change.at).toISOString() } }
        : null;
  }
}

function answered(known: Row, said: Said, state: string, at: number, me: string): Row {
  // Others are told by an event that it was ended; whoever has said so, by this answer alone.
  if (said.kind === "cancel") return { ...known, rings: false, ended: known.ended || endOf(said) };
  const response = state === "answered" || state === "accepted" || state === "declined" ? said.words : "";
  const mine = {
    message: known.id,
    person: me,
    state: state || (known.mine?.state ?? "read"),
    at: new Date(at).toISOString(),
    response,
  };
  return { ...known, mine, rings: false, asked: false };
}

function endOf(said: Said): string {
  const { all_clear, recall } = JSON.parse(said.body) as { all_clear?: boolean; recall?: boolean };
  return all_clear ? "all_clear" : recall ? "recalled" : "cancelled";
}

function sent(known: Row | undefined, said: Said, frame: StoredFrame, me: string): Row {
  // Of an alert made of another message the words are that one's.
  const statement = { ...said.about, ...(JSON.parse(said.body) as Partial<Statement>) };
  const at = Date.parse(frame.at);
  const { callback, responses, patient, reply_to } = statement;
  // As the site writes it before what it gives to others: a drill says so in each text.
  const [subject, text] = [statement.subject, statement.text].map((words) =>
    statement.drill ? `DRILL ${words ?? ""}`.trim() : words,
  );
  const message: MessageView = {
    id: frame.message,
    thread: frame.thread,
    kind: statement.kind ?? "alert",
    priority: statement.priority ?? "high",
    sender: { person: me },
    stored_at: frame.at,
    ...(subject ? { subject } : {}),
    ...(text ? { text } : {}),
    ...(callback ? { callback } : {}),
    ...(responses ? { responses } : {}),
    ...(patient ? { patient } : {}),
    ...(said.about ? { reply_to: said.message } : reply_to ? { reply_to } : {}),
  };
  const others = frame.recipients.map(
    (reach) =>
      [reach.person, { message: frame.message, person: reach.person, state: "pending", at: frame.at }] as const,
  );
  return {
    ...emptyRow(frame.message, at),
    sent: true,
    others: Object.fromEntries(others),
    names: Object.fromEntries(frame.recipients.map((reach) => [reach.person, reach.name])),
    ...known,
    message,
    promise: promised(frame.promise ?? [], at),
  };
}

/** What a locked device may know of a row: how it stands and how urgent it is; of whom it is as the site's `notify` says. */
export function faceOf(row: Row, notify: string): Row {
  const { message } = row;
  return {
    ...row,
    message: message && {
      id: message.id,
      thread: message.thread,
      kind: message.kind,
      priority: message.priority,
      stored_at: message.stored_at,
      sender: notify === "sender" && message.sender.name ? { name: message.sender.name } : {},
      ...(offersAnswer(row)
        ? { responses: { accept_decline: message.responses?.accept_decline ?? false, free_text: true } }
        : {}),
    },
    mine: row.mine && bare(row.mine),
    others: Object.fromEntries(Object.entries(row.others).map(([person, view]) => [person, bare(view)])),
    names: {},
    by: "",
    taken: row.taken ? "-" : "",
    promise: [],
    steps: [],
  };
}

const bare = ({ message, person, state, at }: DeliveryView): DeliveryView => ({ message, person, state, at });

const PLAIN = new Set(["accept", "decline", "hand_back", "keep", "done"]);

/** Whether what was said says nothing of anybody: a locked device may keep it as it is, and go on saying it. */
export function isPlain(said: Said): boolean {
  return said.kind === "response" && PLAIN.has(said.words);
}
