/**
 * This device, as the screens use it: what it has, how it is connected, and what its person says.
 *
 * Of several tabs of one browser one is the device (a Web Lock says which); the others see what it keeps, and hand it
 * what their person says through the same outbox. The app, the console and the board are devices of their own: lock and
 * channel are named after the database.
 */

import { signal } from "@preact/signals";
import { newId } from "./bytes";
import { Device, type Link } from "./device/device";
import type { Down, Found, MessageView, Priority } from "./device/frames";
import type { Said } from "./device/outbox";
import { priorityOf, type Row } from "./device/rows";
import type { Card } from "./device/session";
import type { BoardRow } from "./generated/frames";
import type { Database } from "./store/database";
import { type Changed, Kept } from "./store/keep";
import { NO_TRIES, type Tries, waitMs } from "./store/lock";
import { makePasskey, openPasskey } from "./store/passkey";
import { closeLockbox, type Lockbox, makeLockbox, openLockbox, Vault } from "./store/vault";

type Word =
  | { t: "changed"; what: Changed }
  | { t: "link"; link: Link; why: string; since: number; offset: number; hears: string[]; may: string[] }
  | { t: "who" }
  | { t: "pick" }
  | { t: "hurry" }
  | { t: "read"; id: string; priority: Priority }
  | { t: "ask"; id: string; frame: { t: string } }
  | { t: "answer"; id: string; answer: Down | null }
  | { t: "lock" }
  | { t: "unlocked"; key: CryptoKey; passcode: boolean }
  | { t: "used" }
  | { t: "ended"; why: string };

/** How a passcode was taken: it opens, it is wrong (so many tries are left), nobody may try yet, or that was the last. */
export type Tried = { opened: true } | { opened: false; left: number; waitMs: number };

export class Client {
  readonly kept: Kept;
  readonly card: Card;
  /** How the device is connected, and since when: Unix milliseconds of the site. */
  readonly link = signal<{ link: Link; why: string; since: number }>({
    link: "connecting",
    why: "",
    since: Date.now(),
  });
  /** This device's clock minus the site's, milliseconds. */
  readonly offset = signal(0);
  /** What this core hears beyond the version's words, and what else this person may do (`messages:code`). */
  readonly hears = signal<readonly string[]>([]);
  readonly may = signal<readonly string[]>([]);
  /** The site's key for Web Push; "" = it has none, or this is not the tab that leads. */
  readonly push = signal("");
  /** Why nothing more will come; "" while it may. */
  readonly ended = signal("");
  /** How many things that were said had not been sent when it ended. */
  readonly unsent = signal(0);
  /** `limited`: too old, it gets `code` alone; `older`, `newer` than what the site speaks: it gets nothing; "" otherwise. */
  readonly version = signal<"" | "limited" | "older" | "newer">("");
  /** What could not be kept on this device; "" while all is well. */
  readonly trouble = signal("");
  /** Which alerts run, by message, where somebody watches; null = nobody does, or may. Only in the tab that leads. */
  readonly alerts = signal<ReadonlyMap<string, BoardRow> | null>(null);
  /** Another text after each change of what the desk is to see to; "" for whoever does not watch it, or may not. */
  readonly deskMark = signal("");
  /** Whether this tab is the device. */
  readonly leads = signal(false);
  /** Whether what is kept is shut: a passcode opens it. */
  readonly locked = signal(false);
  /** Whether there is a passcode. */
  readonly guarded = signal(false);
  /** Called when the person has done something in another tab. */
  used: () => void = () => undefined;
  /** Called when all that is kept here was deleted. */
  forgotten: () => Promise<void> = () => Promise.resolve();

  #vault: Vault;
  #database: Database;
  #device: Device | null = null;
  #channel: BroadcastChannel | null;
  #asked = new Map<string, (answer: Down | null) => void>();
  #watched: string | null = null;
  #leaving = false;
  #url: string;
  #app: string;
  #beatMs: number;

  private constructor(card: Card, database: Database, url: string, app: string, beatMs: number, box: Lockbox) {
    this.card = card;
    this.#database = database;
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(database.name);
    this.#url = url;
    this.#app = app;
    this.#beatMs = beatMs;
    this.#vault = new Vault(box.public, box.open ?? null);
    this.guarded.value = box.closed !== undefined;
    this.locked.value = !this.#vault.isOpen;
    this.kept = new Kept(database, card.person, this.#vault);
  }

  /**
   * The device of this card, not started yet. Throws StorageFailed.
   *
   * `beatMs`: it asks at least so often whether anybody answers; 0 = as often as the site says.
   */
  static async of(card: Card, database: Database, url: string, app: string, beatMs = 0): Promise<Client> {
    const box = await database.putNew<Lockbox>("device", "lockbox", () => makeLockbox());
    return new Client(card, database, url, app, beatMs, box);
  }

  async start(): Promise<void> {
    await this.kept.load();
    this.kept.changed = (what) => this.#tell({ t: "changed", what });
    this.kept.clock = () => Date.now() - this.offset.value;
    this.#database.gone = (why) => void this.#gone(why);
    this.kept.ordered = (what) => this.#obey(what);
    if (this.#channel) this.#channel.onmessage = (event: MessageEvent<Word>) => void this.#hear(event.data);
    this.#tell({ t: "who" });
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.hurry();
    });
    if (navigator.locks) void navigator.locks.request(`${this.#database.name}-device`, () => this.#lead());
    else void this.#lead();
  }

  /** Be the device until this tab goes. */
  async #lead(): Promise<void> {
    if (this.ended.value) return;
    await this.kept.load(); // what the tab before us has kept
    this.leads.value = true;
    this.#device = new Device(this.card, this.kept, {
      url: this.#url,
      app: this.#app,
      ...(this.#beatMs ? { beatMs: this.#beatMs } : {}),
      onLink: (link, why, silentMs) => this.#turn(link, why, silentMs),
      onWelcome: (welcome) => {
        this.offset.value = welcome.offset_ms;
        this.hears.value = welcome.hears ?? [];
        this.may.value = welcome.may ?? [];
        this.push.value = welcome.push ?? "";
        this.version.value = welcome.limited ? "limited" : "";
        this.trouble.value = "";
      },
      onVersion: (version) => {
        this.version.value = version;
      },
      onEnd: (why) => void this.#end(why),
      onTrouble: (error) => {
        this.trouble.value = error;
      },
    });
    this.#device.start();
    if (this.#watched !== null) this.watch(this.#watched);
    await new Promise(() => undefined);
  }

  // What the person says ------------------------------------------------------------------------------------------

  /** Say something: on return it is kept, and is said until the site answers. Throws StorageFailed. */
  async say(
    kind: Said["kind"],
    frame: Record<string, unknown>,
    words = "",
    about?: MessageView | null,
  ): Promise<string> {
    const id = newId();
    const message = typeof frame.message === "string" ? frame.message : "";
    const body = JSON.stringify({ t: kind, id, ...frame });
    try {
      await this.kept.say({ id, body, kind, message, words, created: Date.now(), ...(about ? { about } : {}) });
    } catch (error) {
      this.trouble.value = String(error);
      throw error;
    }
    if (this.#device) this.#device.pick();
    else this.#tell({ t: "pick" });
    return id;
  }

  /** Answer a message: with one of the protocol's words, a choice, or a text. */
  answer(row: Row, answer: { word?: string; choice?: string; text?: string }): Promise<string> {
    const { word, choice, text } = answer;
    const said = word ? { [word]: true } : choice ? { choice } : { text };
    return this.say("response", { message: row.id, ...said, p: priorityOf(row) }, word ?? choice ?? text ?? "");
  }

  /** Something was on the screen for a second. */
  async read(row: Row): Promise<void> {
    if (row.sent) return;
    await this.kept.read(row);
    if (this.#device) this.#device.read(row.id, priorityOf(row));
    else this.#tell({ t: "read", id: row.id, priority: priorityOf(row) });
  }

  /** Find people, roles, groups, places; null when nobody answers in time. */
  async search(q: string, limit = 20, kind = ""): Promise<Found[] | null> {
    const answer = await this.request({ t: "search", q, limit, ...(kind ? { kind } : {}) });
    return answer?.t === "found" ? answer.data : null;
  }

  /** Ask the site something of which nothing is kept here; null when nobody answers in time. */
  async request(frame: { t: string } & Record<string, unknown>): Promise<Down | null> {
    if (this.#device) return this.#device.request(frame);
    const id = newId();
    const answer = new Promise<Down | null>((resolve) => {
      this.#asked.set(id, resolve);
      setTimeout(() => resolve(null), 15_500); // the tab that asks for us gives up first
    });
    this.#tell({ t: "ask", id, frame });
    const found = await answer;
    this.#asked.delete(id);
    return found;
  }

  /** Show live which alerts run at a place; "" = in the whole house. */
  watch(place: string): void {
    this.#watched = place;
    this.#device?.watch(place, (view, refused) => {
      if (refused) this.alerts.value = null;
      else if (view.whole) this.alerts.value = new Map(view.rows);
      this.deskMark.value = view.frame?.desk ?? "";
    });
  }

  hurry(): void {
    if (this.#device) this.#device.hurry();
    else this.#tell({ t: "hurry" });
  }

  /** Leave: the site calls this device no longer, if it can be told; and it is forgotten here. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.request({ t: "device_remove", device: this.card.device });
    this.#device?.stop();
    await this.wipe();
  }

  /** Forget this device: keys, messages, everything. */
  async wipe(): Promise<void> {
    await this.#database.wipe();
    await this.forgotten().catch(() => undefined);
  }

  // The lock ------------------------------------------------------------------------------------------------------

  /** Keep something beside the messages, as they are kept: sealed. */
  async keepSealed(key: string, what: unknown): Promise<void> {
    await this.#database.put("state", key, what === null ? null : await this.#vault.seal(what));
  }

  /** What was kept so; undefined where there is nothing, or while this is locked. */
  async openSealed<T>(key: string): Promise<T | undefined> {
    const sealed = await this.#database.get<Parameters<Vault["unseal"]>[0]>("state", key).catch(() => undefined);
    return sealed ? this.#vault.unseal<T>(sealed).catch(() => undefined) : undefined;
  }

  /** Shut what is kept, where there is a passcode. It goes on hearing, and ringing. */
  async lock(): Promise<void> {
    if (!this.guarded.value || this.locked.value) return;
    this.#tell({ t: "lock" });
    await this.#shut();
  }

  /** Open with a passcode. A wrong one is counted before it is looked at; the last one of the site's number empties this. */
  async unlock(passcode: string): Promise<Tried> {
    const key = await this.#try(passcode, false);
    if (!("type" in key)) return key;
    this.#tell({ t: "unlocked", key, passcode: true });
    await this.#open(key);
    return { opened: true };
  }

  /** Set a passcode, change it, or do without (""). With one already there, `former` must be right. */
  async guard(passcode: string, former = ""): Promise<Tried> {
    const key = await this.#try(former, true);
    if (!("type" in key)) return key;
    const box = (await this.#database.get<Lockbox>("device", "lockbox")) as Lockbox;
    const next = passcode ? await closeLockbox(box, key, passcode) : { public: box.public, open: key };
    await this.#database.put("device", "lockbox", next);
    this.guarded.value = passcode !== "";
    this.#tell({ t: "unlocked", key, passcode: this.guarded.value });
    return { opened: true };
  }

  /** Let a finger or a face open it, too. The passcode must be right; null where the device was not let. */
  async addPasskey(passcode: string): Promise<Tried | null> {
    const key = await this.#try(passcode, true);
    if (!("type" in key)) return key;
    const passkey = await makePasskey(key, this.card.name);
    const box = (await this.#database.get<Lockbox>("device", "lockbox")) as Lockbox;
    if (!passkey || !box.closed) return null;
    await this.#database.put("device", "lockbox", { ...box, passkey });
    return { opened: true };
  }

  /** Open with a finger or a face; false where nobody let us. */
  async unlockByPasskey(): Promise<boolean> {
    const box = await this.#database.get<Lockbox>("device", "lockbox");
    const key = box?.passkey ? await openPasskey(box.passkey) : null;
    if (!key) return false;
    await this.#database.put("state", "tries", NO_TRIES);
    this.#tell({ t: "unlocked", key, passcode: true });
    await this.#open(key);
    return true;
  }

  /** Whether the passcode has digits alone, whether there is a passkey, and how long nobody may try. */
  async tries(): Promise<{ digits: boolean; passkey: boolean; waitMs: number }> {
    const box = await this.#database.get<Lockbox>("device", "lockbox");
    const tries = (await this.#database.get<Tries>("state", "tries")) ?? NO_TRIES;
    return { digits: box?.digits ?? false, passkey: !!box?.passkey, waitMs: waitMs(tries, Date.now()) };
  }

  /** The person did something in this tab: the others hear of it. */
  touch(): void {
    this.#tell({ t: "used" });
  }

  async #try(passcode: string, along: boolean): Promise<CryptoKey | Tried> {
    const box = await this.#database.get<Lockbox>("device", "lockbox");
    if (!box) return { opened: false, left: 0, waitMs: 0 };
    if (!box.closed) return box.open as CryptoKey;
    const tries = (await this.#database.get<Tries>("state", "tries")) ?? NO_TRIES;
    const most = Number(this.kept.settings.value.values.wipe_after_wrong ?? 10);
    const wait = waitMs(tries, Date.now());
    if (wait > 0) return { opened: false, left: most - tries.wrong, waitMs: wait };
    const next = { wrong: tries.wrong + 1, at: Date.now() };
    await this.#database.put("state", "tries", next);
    const key = await openLockbox(box, passcode, along);
    if (key) {
      await this.#database.put("state", "tries", NO_TRIES);
      return key;
    }
    if (next.wrong >= most) await this.#end("passcode");
    return { opened: false, left: Math.max(0, most - next.wrong), waitMs: waitMs(next, next.at) };
  }

  async #open(key: CryptoKey): Promise<void> {
    this.used(); // in whichever tab: no other one must take it for unused, and lock it again
    this.#vault.open(key);
    await this.kept.load();
    this.locked.value = false;
    this.#device?.pick();
  }

  async #shut(): Promise<void> {
    this.locked.value = true;
    this.#vault.close();
    await this.kept.load();
  }

  // The other tabs ------------------------------------------------------------------------------------------------

  #tell(word: Word): void {
    this.#channel?.postMessage(word);
  }

  #turn(link: Link, why: string, silentMs: number): void {
    if (link === this.link.value.link) return;
    this.link.value = { link, why, since: Date.now() - this.offset.value - silentMs };
    this.#tellLink();
  }

  #tellLink(): void {
    const [hears, may] = [[...this.hears.value], [...this.may.value]];
    this.#tell({ t: "link", ...this.link.value, offset: this.offset.value, hears, may });
  }

  async #hear(word: Word): Promise<void> {
    if (word.t === "changed") await this.kept.reload(word.what);
    else if (word.t === "link" && !this.#device) {
      this.link.value = { link: word.link, why: word.why, since: word.since };
      this.offset.value = word.offset;
      this.hears.value = word.hears;
      this.may.value = word.may;
    } else if (word.t === "answer") this.#asked.get(word.id)?.(word.answer);
    else if (word.t === "ended") {
      this.#device?.stop();
      this.ended.value = word.why;
    } else if (word.t === "lock") await this.#shut();
    else if (word.t === "used") this.used();
    else if (word.t === "unlocked") {
      this.guarded.value = word.passcode;
      if (this.locked.value) await this.#open(word.key);
    } else if (word.t === "who" && this.#vault.key && this.guarded.value)
      this.#tell({ t: "unlocked", key: this.#vault.key, passcode: true });
    if (!this.#device) return;
    if (word.t === "who") this.#tellLink();
    else if (word.t === "pick") {
      await this.kept.reload({ outbox: true });
      this.#device.pick();
    } else if (word.t === "hurry") this.#device.hurry();
    else if (word.t === "read") this.#device.read(word.id, word.priority);
    else if (word.t === "ask")
      this.#tell({ t: "answer", id: word.id, answer: await this.#device.request(word.frame) });
  }

  // The end -------------------------------------------------------------------------------------------------------

  async #end(why: string): Promise<void> {
    if (this.#leaving) return;
    this.#device?.stop();
    if (why !== "session_replaced") {
      const unsent = this.kept.waiting.length;
      await this.wipe();
      await this.#database.put("state", "ended", { why, unsent });
      this.unsent.value = unsent;
    }
    this.ended.value = why;
    this.#tell({ t: "ended", why });
  }

  /** The database was closed under us. Where the card is gone, all is: keys, messages, what was not sent. */
  async #gone(why: "evicted" | "newer"): Promise<void> {
    const card = why === "newer" ? undefined : await this.#database.get("device", "card").catch(() => undefined);
    if (card !== undefined || this.ended.value) return;
    this.#device?.stop();
    this.unsent.value = this.kept.waiting.length;
    if (why === "evicted")
      await this.#database.put("state", "ended", { why, unsent: this.unsent.value }).catch(() => undefined);
    this.ended.value = why;
    this.#tell({ t: "ended", why });
  }

  async #obey(what: string): Promise<void> {
    const keys = await this.#database.get("device", "card");
    await this.#database.wipe();
    void this.forgotten().catch(() => undefined);
    // Its keys are needed once more: to say that it is done.
    await this.#database.write(["device", "state"], (open) => {
      if (keys) open("device").put(keys, "card");
      open("state").put({ why: what, unsent: 0 }, "ended");
    });
    this.ended.value = what;
    this.#tell({ t: "ended", why: what });
  }
}
