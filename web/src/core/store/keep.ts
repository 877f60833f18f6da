/**
 * What this device has of its person's messages: on the disk first, then confirmed, or said to be there.
 *
 * Only what is heard from the site is seen before: a person need not wait for the disk to read what has come. Where the
 * disk has failed, it waits again.
 *
 * One tab writes (it is the device); the others read what it has written, when it says so. What is said in a message
 * lies there sealed; how it stands, and how urgent it is, lies open. While the vault is closed rows are seen as their
 * faces, and what happens to them is sealed beside them, to be done when it is opened.
 */

import { batch, signal } from "@preact/signals";
import type { Keep } from "../device/device";
import type {
  Cursor,
  Event,
  OrderFrame,
  Priority,
  RefusedFrame,
  SettingsFrame,
  StatusFrame,
  StoredFrame,
  TeamFrame,
} from "../device/frames";
import { type Said, waits } from "../device/outbox";
import { needsMe, priorityOf, type Row } from "../device/rows";
import { applyChange, type Change, faceOf, isPlain } from "./changes";
import type { Database } from "./database";
import type { Sealed, Vault } from "./vault";

/** So many messages stay whatever their age; those that are older than the site's `keep_days` go beyond it. */
export const KEPT_MIN = 100;
const KEPT_MAX = 1_000;
const DAY_MS = 86_400_000;
/** Own messages are asked about for so long with each beat, and for a day after each hello. */
const YOUNG_MS = 600_000;
const MOVING = new Set(["pending", "unreachable", "delivered"]);

/** A row on the disk. `late`: what happened to it while the vault was closed, oldest first. */
interface KeptRow {
  id: string;
  face: Row;
  sealed?: Sealed | undefined;
  late: Sealed[];
}

/** What was said, on the disk: as it is where it says nothing of anybody. */
type KeptSaid = Said | { id: string; created: number; sealed: Sealed };

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
  /** The site's time as far as this device knows it, Unix milliseconds: a clock that is wrong shows nothing wrong here. */
  clock: () => number = () => Date.now();
  /** Called after each change, with what has changed. */
  changed: (what: Changed) => void = () => undefined;
  /** Called when the site orders this lost device to lock or wipe itself; resolves when that is done. */
  ordered: (what: string) => Promise<void> = () => Promise.resolve();

  /** The last test of one's alerts that the site has stored. */
  readonly tested = signal({ request: "", message: "" });
  /** When one's own messages were last rung again, Unix milliseconds. */
  readonly nudged = signal<ReadonlyMap<string, number>>(new Map());
  /** What was said and cannot be read, and so not be said, before the vault is opened. */
  readonly shut = signal(0);

  #database: Database;
  #me: string;
  #vault: Vault;
  /** While the vault is closed: what is sealed of each row. */
  #hidden = new Map<string, { sealed?: Sealed | undefined; late: Sealed[] }>();
  /** Whether the last write came to the disk. */
  #keeps = true;
  /** What is seen and not yet on the disk: nobody is told that it is here. */
  #early: ReadonlyMap<string, unknown> = new Map();
  /** Changes are made one after the other. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(database: Database, me: string, vault: Vault) {
    this.#database = database;
    this.#me = me;
    this.#vault = vault;
  }

  /** Read everything from the disk: as it is, or as it may be seen while the vault is closed. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const [rows, outbox, cursor, settings] = await Promise.all([
        this.#database.all<KeptRow | Row>("messages"),
        this.#database.all<KeptSaid>("outbox"),
        this.#database.get<Cursor>("state", "cursor"),
        this.#database.get<SettingsFrame>("state", "settings"),
      ]);
      if (settings) this.settings.value = settings;
      this.#hidden.clear();
      const read = await Promise.all(rows.map((row) => this.#read(row)));
      const said = await this.#readSaid(outbox);
      batch(() => {
        this.rows.value = new Map(read.map((row) => [row.id, row]));
        this.outbox.value = said;
      });
      this.cursor = cursor ?? null;
      // What was kept by a version that sealed nothing, and what came while the vault was closed.
      const loose = rows.filter((row) => this.#vault.isOpen && (!("face" in row) || row.late.length > 0));
      if (loose.length === 0) return;
      const late = new Set(loose.map((row) => row.id));
      const records = await Promise.all(read.filter((row) => late.has(row.id)).map((row) => this.#record(row, [])));
      await this.#database.write(["messages"], (open) => {
        for (const record of records) open("messages").put(record, record.id);
      });
    });
  }

  /** Read again what another tab has changed. */
  reload(what: Changed): Promise<void> {
    return this.#inTurn(async () => {
      const ids = what.rows ?? [];
      const kept = await Promise.all(ids.map((id) => this.#database.get<KeptRow | Row>("messages", id)));
      const found = await Promise.all(kept.map((row) => row && this.#read(row)));
      const outbox = what.outbox ? await this.#readSaid(await this.#database.all<KeptSaid>("outbox")) : null;
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
    });
  }

  // What waits --------------------------------------------------------------------------------------------------

  get waiting(): readonly Said[] {
    return this.outbox.value.filter(waits);
  }

  get unconfirmed(): { id: string; priority: Priority }[] {
    const young = this.clock() - DAY_MS;
    return [...this.rows.value.values()]
      .filter((row) => !row.sent && !row.ended && row.message !== null && row.at > young && !this.#early.has(row.id))
      .filter((row) => row.mine?.state === "pending" || row.mine?.state === "unreachable")
      .map((row) => ({ id: row.id, priority: priorityOf(row) }));
  }

  /** Keep what the person says; on return it is on the disk, and will be said until it is answered. */
  say(said: Said): Promise<void> {
    return this.#inTurn(() => this.#write([], { put: said }));
  }

  /** The person has seen that something was refused, or takes back what has not been said yet. */
  forget(id: string): Promise<void> {
    return this.#inTurn(() => this.#write([], { delete: id }));
  }

  // What the device hears -----------------------------------------------------------------------------------------

  applied(events: Event[], cursor: Cursor | null): Promise<void> {
    if (events.length === 0 && cursor === this.cursor) return Promise.resolve();
    const at = this.clock();
    const changes = events.map((event) => [event.id, { k: "event", event, at }] as const);
    return this.#inTurn(() => this.#write(changes, undefined, cursor));
  }

  confirmed(messages: string[]): Promise<void> {
    return this.#inTurn(() => this.#write(messages.map((id) => [id, { k: "confirmed" }] as const)));
  }

  status(frame: StatusFrame): Promise<void> {
    return this.#inTurn(() => this.#write([[frame.message, { k: "status", frame }]]));
  }

  team(frame: TeamFrame): void {
    this.#teams(frame);
    this.changed({ teams: frame });
  }

  async stored(said: Said, frame: StoredFrame): Promise<void> {
    await this.#inTurn(() => this.#write([[frame.message, { k: "stored", said, frame }]], { delete: said.id }));
    if (said.kind === "test") this.tested.value = { request: said.id, message: frame.message };
  }

  async done(said: Said, state: string): Promise<void> {
    const change = { k: "done", said, state, at: this.clock() } as const;
    const changes = said.kind === "response" || said.kind === "cancel";
    await this.#inTurn(() => this.#write(changes ? [[said.message, change]] : [], { delete: said.id }));
    if (said.kind === "nudge") this.nudged.value = new Map(this.nudged.value).set(said.message, this.clock());
    if (said.kind === "availability") {
      this.availability.value = state;
      this.changed({ status: state });
    }
  }

  refused(said: Said, frame: RefusedFrame): Promise<void> {
    const refused = { code: frame.code, detail: frame.detail, fields: frame.fields ?? {} };
    return this.#inTurn(() => this.#write([], { put: { ...said, refused } }));
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
    const since = this.clock() - (all ? DAY_MS : YOUNG_MS);
    return [...this.rows.value.values()]
      .filter((row) => row.sent && !row.ended && row.at > since)
      .filter((row) => Object.values(row.others).some((view) => MOVING.has(view.state)))
      .sort((one, other) => other.at - one.at)
      .slice(0, 80)
      .map((row) => row.id);
  }

  /** Note on this device that a message was read; the site is told by a receipt. */
  read(row: Row): Promise<void> {
    return this.#inTurn(() => this.#write([[row.id, { k: "read", at: this.clock() }]]));
  }

  #teams(frame: TeamFrame): void {
    this.teams.value = new Map(this.teams.value).set(frame.message, frame);
  }

  /** Messages that go: beyond the hundred newest, those older than the site keeps them, unless they wait for an answer. */
  #tooOld(now: number, touched: ReadonlyMap<string, unknown>): string[] {
    if (this.rows.value.size <= KEPT_MIN) return [];
    const days = Number(this.settings.value.values.keep_days ?? 7);
    return [...this.rows.value.values()]
      .sort((one, other) => other.at - one.at)
      .filter((row, at) => at >= KEPT_MIN && (row.at < now - days * DAY_MS || at >= KEPT_MAX))
      .filter((row) => !needsMe(row) && !touched.has(row.id))
      .map((row) => row.id);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turns.then(work);
    this.#turns = done.catch(() => undefined);
    return done;
  }

  /** Write what has happened, the outbox, the cursor, as a whole. What it takes from the outbox is seen when that is done. */
  async #write(
    changes: readonly (readonly [string, Change])[],
    outbox?: { put: Said } | { delete: string },
    cursor?: Cursor | null,
  ): Promise<void> {
    const touched = new Map<string, { row: Row; changes: Change[] }>();
    for (const [id, change] of changes) {
      const before = touched.get(id);
      const row = applyChange(before?.row ?? this.rows.value.get(id), change, this.#me);
      if (row) touched.set(id, { row, changes: [...(before?.changes ?? []), change] });
    }
    if (touched.size === 0 && outbox === undefined && cursor === undefined) return;
    const old = cursor !== undefined && touched.size > 0 ? this.#tooOld(this.clock(), touched) : [];
    const seen = this.rows.value;
    if (cursor !== undefined && outbox === undefined && this.#keeps && this.#vault.isOpen) this.#see(touched);
    let records: KeptRow[];
    try {
      records = await Promise.all([...touched.values()].map((one) => this.#record(one.row, one.changes)));
      const said = outbox && "put" in outbox ? await this.#recordSaid(outbox.put) : undefined;
      await this.#database.write(["messages", "outbox", "state"], (open) => {
        for (const record of records) open("messages").put(record, record.id);
        for (const id of old) open("messages").delete(id);
        if (said) open("outbox").put(said, said.id);
        if (outbox && "delete" in outbox) open("outbox").delete(outbox.delete);
        if (cursor) open("state").put(cursor, "cursor");
      });
      this.#keeps = true;
    } catch (error) {
      // It comes again, and is news then.
      this.#keeps = false;
      this.rows.value = seen;
      throw error;
    } finally {
      this.#early = new Map();
    }
    if (cursor) this.cursor = cursor;
    const open = this.#vault.isOpen;
    // At once: what goes from the outbox to the rows is never seen in both.
    batch(() => {
      if (touched.size > 0 || old.length > 0) {
        const all = new Map(this.rows.value);
        for (const record of records) {
          const row = touched.get(record.id)?.row;
          if (row) all.set(record.id, open ? row : record.face);
          if (!open) this.#hidden.set(record.id, record);
        }
        for (const id of old) all.delete(id);
        this.rows.value = all;
      }
      if (outbox) {
        const id = "put" in outbox ? outbox.put.id : outbox.delete;
        const rest = this.outbox.value.filter((one) => one.id !== id);
        this.outbox.value = "put" in outbox ? inOrder([...rest, outbox.put]) : rest;
      }
    });
    this.changed({ rows: [...touched.keys(), ...old], ...(outbox ? { outbox: true } : {}) });
  }

  #see(touched: ReadonlyMap<string, { row: Row }>): void {
    if (touched.size === 0) return;
    this.#early = touched;
    const all = new Map(this.rows.value);
    for (const [id, { row }] of touched) all.set(id, row);
    this.rows.value = all;
  }

  // What lies on the disk -----------------------------------------------------------------------------------------

  /** A row as it is written: whole, or what has happened to it beside what was sealed before. */
  async #record(row: Row, changes: Change[]): Promise<KeptRow> {
    const face = faceOf(row, String(this.settings.value.values.notify ?? ""));
    if (this.#vault.isOpen) return { id: row.id, face, sealed: await this.#vault.seal(row), late: [] };
    const hidden = this.#hidden.get(row.id);
    const late = await Promise.all(changes.map((change) => this.#vault.seal(change)));
    return { id: row.id, face, sealed: hidden?.sealed, late: [...(hidden?.late ?? []), ...late] };
  }

  async #read(kept: KeptRow | Row): Promise<Row> {
    if (!("face" in kept)) return this.#vault.isOpen ? kept : faceOf(kept, "");
    if (!this.#vault.isOpen) {
      this.#hidden.set(kept.id, kept);
      return kept.face;
    }
    try {
      let row = kept.sealed ? await this.#vault.unseal<Row>(kept.sealed) : undefined;
      for (const sealed of kept.late)
        row = applyChange(row, await this.#vault.unseal<Change>(sealed), this.#me) ?? row;
      return row ?? kept.face;
    } catch {
      return kept.face; // what it said is lost; that there was something is not
    }
  }

  async #recordSaid(said: Said): Promise<KeptSaid> {
    if (isPlain(said)) return said;
    return { id: said.id, created: said.created, sealed: await this.#vault.seal(said) };
  }

  /** What was said, oldest first. What cannot be read here stays as this life of the app knows it. */
  async #readSaid(kept: KeptSaid[]): Promise<Said[]> {
    const known = new Map(this.outbox.value.map((said) => [said.id, said]));
    const read = await Promise.all(
      kept.map(async (one) => {
        if (!("sealed" in one)) return one;
        return this.#vault.unseal<Said>(one.sealed).catch(() => known.get(one.id) ?? null);
      }),
    );
    const found = read.filter((said) => said !== null);
    this.shut.value = kept.length - found.length;
    return inOrder(found);
  }
}

function inOrder(outbox: Said[]): Said[] {
  return outbox.sort((one, other) => one.created - other.created);
}
