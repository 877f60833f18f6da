/**
 * What this device has of its person's messages: on the disk first, then to be seen.
 *
 * One tab writes (it is the device); the others read what it has written, when it says so.
 */

import { batch, signal } from "@preact/signals";
import type { Keep } from "../device/device";
import type {
  Cursor,
  Event,
  MessageView,
  OrderFrame,
  Priority,
  RefusedFrame,
  SettingsFrame,
  Statement,
  StatusFrame,
  StoredFrame,
  TeamFrame,
} from "../device/frames";
import { type Said, waits } from "../device/outbox";
import { applyEvent, applyStatus, emptyRow, needsMe, priorityOf, type Row } from "../device/rows";
import type { Database } from "./database";

/** So many messages stay whatever their age; those that are older than the site's `keep_days` go beyond it. */
export const KEPT_MIN = 100;
const KEPT_MAX = 1_000;
const DAY_MS = 86_400_000;
/** Own messages are asked about for so long with each beat, and for a day after each hello. */
const YOUNG_MS = 600_000;
const MOVING = new Set(["pending", "unreachable", "delivered"]);

/** What other tabs are told: what has changed on the disk. */
export type Changed = { rows?: string[]; outbox?: boolean; settings?: boolean; teams?: TeamFrame; status?: string };

export class Kept implements Keep {
  readonly rows = signal<ReadonlyMap<string, Row>>(new Map());
  readonly outbox = signal<readonly Said[]>([]);
  readonly settings = signal<SettingsFrame>({ t: "settings", values: {} });
  readonly teams = signal<ReadonlyMap<string, TeamFrame>>(new Map());
  /** What the site has just confirmed that the person is: `busy`, `off` ...; "" when nothing was said of late. */
  readonly availability = signal("");
  cursor: Cursor | null = null;
  /** Called after each change, with what has changed. */
  changed: (what: Changed) => void = () => undefined;
  /** Called when the site orders this lost device to lock or wipe itself; resolves when that is done. */
  ordered: (what: string) => Promise<void> = () => Promise.resolve();

  #database: Database;
  #me: string;

  constructor(database: Database, me: string) {
    this.#database = database;
    this.#me = me;
  }

  /** Read everything from the disk. */
  async load(): Promise<void> {
    const [rows, outbox, cursor, settings] = await Promise.all([
      this.#database.all<Row>("messages"),
      this.#database.all<Said>("outbox"),
      this.#database.get<Cursor>("state", "cursor"),
      this.#database.get<SettingsFrame>("state", "settings"),
    ]);
    this.rows.value = new Map(rows.map((row) => [row.id, row]));
    this.outbox.value = inOrder(outbox);
    this.cursor = cursor ?? null;
    if (settings) this.settings.value = settings;
  }

  /** Read again what another tab has changed. */
  async reload(what: Changed): Promise<void> {
    const ids = what.rows ?? [];
    const found = await Promise.all(ids.map((id) => this.#database.get<Row>("messages", id)));
    const outbox = what.outbox ? inOrder(await this.#database.all<Said>("outbox")) : null;
    batch(() => {
      const rows = new Map(this.rows.value);
      for (const [at, id] of ids.entries()) {
        const row = found[at];
        if (row) rows.set(id, row);
        else rows.delete(id);
      }
      if (ids.length > 0) this.rows.value = rows;
      if (outbox) this.outbox.value = outbox;
    });
    if (what.settings)
      this.settings.value = (await this.#database.get<SettingsFrame>("state", "settings")) ?? this.settings.value;
    if (what.teams) this.#teams(what.teams);
    if (what.status) this.availability.value = what.status;
  }

  // What waits --------------------------------------------------------------------------------------------------

  get waiting(): readonly Said[] {
    return this.outbox.value.filter(waits);
  }

  get unconfirmed(): { id: string; priority: Priority }[] {
    const young = Date.now() - DAY_MS;
    return [...this.rows.value.values()]
      .filter((row) => !row.sent && !row.ended && row.message !== null && row.at > young)
      .filter((row) => row.mine?.state === "pending" || row.mine?.state === "unreachable")
      .map((row) => ({ id: row.id, priority: priorityOf(row) }));
  }

  /** Keep what the person says; on return it is on the disk, and will be said until it is answered. */
  async say(said: Said): Promise<void> {
    await this.#database.put("outbox", said.id, said);
    this.outbox.value = [...this.outbox.value.filter((one) => one.id !== said.id), said];
    this.changed({ outbox: true });
  }

  /** The person has seen that something was refused, or takes back what has not been said yet. */
  async forget(id: string): Promise<void> {
    await this.#write([], (outbox) => outbox.delete(id));
  }

  // What the device hears -----------------------------------------------------------------------------------------

  async applied(events: Event[], cursor: Cursor | null): Promise<void> {
    if (events.length === 0 && cursor === this.cursor) return;
    const now = Date.now();
    const touched = new Map<string, Row>();
    for (const event of events) {
      touched.set(event.id, applyEvent(touched.get(event.id) ?? this.rows.value.get(event.id), event, this.#me, now));
    }
    const old = touched.size > 0 ? this.#tooOld(now, touched) : [];
    await this.#write([...touched.values()], undefined, cursor, old);
  }

  async confirmed(messages: string[]): Promise<void> {
    const known = messages.map((id) => this.rows.value.get(id)).filter((row) => row !== undefined);
    const pending = known.filter((row) => row.mine?.state === "pending" || row.mine?.state === "unreachable");
    await this.#write(pending.map((row) => ({ ...row, mine: row.mine && { ...row.mine, state: "delivered" } })));
  }

  async status(frame: StatusFrame): Promise<void> {
    const known = this.rows.value.get(frame.message);
    const row = known && applyStatus(known, frame);
    if (row) await this.#write([row]);
  }

  team(frame: TeamFrame): void {
    this.#teams(frame);
    this.changed({ teams: frame });
  }

  async stored(said: Said, frame: StoredFrame): Promise<void> {
    const row = sentRow(said, frame, this.#me);
    await this.#write(
      [{ ...row, ...this.rows.value.get(frame.message), message: row.message, promise: row.promise }],
      (outbox) => outbox.delete(said.id),
    );
  }

  async done(said: Said, state: string): Promise<void> {
    const known = said.kind === "response" ? this.rows.value.get(said.message) : undefined;
    const rows = known ? [answeredRow(known, said, state, this.#me)] : [];
    await this.#write(rows, (outbox) => outbox.delete(said.id));
    if (said.kind === "availability") {
      this.availability.value = state;
      this.changed({ status: state });
    }
  }

  async refused(said: Said, frame: RefusedFrame): Promise<void> {
    const told: Said = { ...said, refused: { code: frame.code, detail: frame.detail, fields: frame.fields ?? {} } };
    await this.#write([], (outbox) => outbox.put(told, said.id));
  }

  async settled(frame: SettingsFrame): Promise<void> {
    await this.#database.put("state", "settings", frame);
    this.settings.value = frame;
    this.changed({ settings: true });
  }

  obey(order: OrderFrame): Promise<void> {
    return this.ordered(order.what);
  }

  questions(all: boolean): string[] {
    const since = Date.now() - (all ? DAY_MS : YOUNG_MS);
    return [...this.rows.value.values()]
      .filter((row) => row.sent && !row.ended && row.at > since)
      .filter((row) => Object.values(row.others).some((view) => MOVING.has(view.state)))
      .sort((one, other) => other.at - one.at)
      .slice(0, 80)
      .map((row) => row.id);
  }

  /** Note on this device that a message was read; the site is told by a receipt. */
  async read(row: Row): Promise<void> {
    if (row.mine && ["pending", "unreachable", "delivered"].includes(row.mine.state)) {
      await this.#write([
        { ...row, rings: false, mine: { ...row.mine, state: "read", at: new Date().toISOString() } },
      ]);
    }
  }

  #teams(frame: TeamFrame): void {
    this.teams.value = new Map(this.teams.value).set(frame.message, frame);
  }

  /** Messages that go: beyond the hundred newest, those older than the site keeps them, unless they wait for an answer. */
  #tooOld(now: number, touched: ReadonlyMap<string, Row>): string[] {
    if (this.rows.value.size <= KEPT_MIN) return [];
    const days = Number(this.settings.value.values.keep_days ?? 7);
    return [...this.rows.value.values()]
      .sort((one, other) => other.at - one.at)
      .filter((row, at) => at >= KEPT_MIN && (row.at < now - days * DAY_MS || at >= KEPT_MAX))
      .filter((row) => !needsMe(row) && !touched.has(row.id))
      .map((row) => row.id);
  }

  /** Write rows, the outbox, the cursor, as a whole; what is seen changes when that is done. */
  async #write(
    rows: Row[],
    change?: (outbox: IDBObjectStore) => void,
    cursor?: Cursor | null,
    old: string[] = [],
  ): Promise<void> {
    if (rows.length === 0 && change === undefined && cursor === undefined) return;
    await this.#database.write(["messages", "outbox", "state"], (open) => {
      for (const row of rows) open("messages").put(row, row.id);
      for (const id of old) open("messages").delete(id);
      change?.(open("outbox"));
      if (cursor) open("state").put(cursor, "cursor");
    });
    if (cursor) this.cursor = cursor;
    const outbox = change ? inOrder(await this.#database.all<Said>("outbox")) : null;
    // At once: what goes from the outbox to the rows is never seen in both.
    batch(() => {
      if (rows.length > 0 || old.length > 0) {
        const all = new Map(this.rows.value);
        for (const row of rows) all.set(row.id, row);
        for (const id of old) all.delete(id);
        this.rows.value = all;
      }
      if (outbox) this.outbox.value = outbox;
    });
    this.changed({ rows: [...rows.map((row) => row.id), ...old], ...(change ? { outbox: true } : {}) });
  }
}

function inOrder(outbox: Said[]): Said[] {
  return outbox.sort((one, other) => one.created - other.created);
}

function answeredRow(known: Row, said: Said, state: string, me: string): Row {
  const at = new Date().toISOString();
  const response = state === "answered" || state === "accepted" || state === "declined" ? said.words : "";
  const mine = { message: known.id, person: me, state: state || (known.mine?.state ?? "read"), at, response };
  return { ...known, mine, rings: false, asked: false };
}

function sentRow(said: Said, frame: StoredFrame, me: string): Row {
  const statement = JSON.parse(said.body) as Statement;
  const at = Date.parse(frame.at);
  const { subject, text, callback, responses, patient, reply_to } = statement;
  const message: MessageView = {
    id: frame.message,
    thread: frame.thread,
    kind: statement.kind ?? "alert",
    priority: statement.priority,
    sender: { person: me },
    stored_at: frame.at,
    ...(subject ? { subject } : {}),
    ...(text ? { text } : {}),
    ...(callback ? { callback } : {}),
    ...(responses ? { responses } : {}),
    ...(patient ? { patient } : {}),
    ...(reply_to ? { reply_to } : {}),
  };
  const others = frame.recipients.map(
    (reach) =>
      [reach.person, { message: frame.message, person: reach.person, state: "pending", at: frame.at }] as const,
  );
  return {
    ...emptyRow(frame.message, at),
    message,
    sent: true,
    others: Object.fromEntries(others),
    names: Object.fromEntries(frame.recipients.map((reach) => [reach.person, reach.name])),
    promise: (frame.promise ?? []).map((line) => ({ at: at + 1_000 * line.in_s, who: line.who, how: line.how })),
  };
}
