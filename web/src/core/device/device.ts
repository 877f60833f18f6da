/**
 * The device: says hello, hears its person's events in order and once, and says what the person says.
 *
 * What it hears is on the disk before it is confirmed; what it says is on the disk before it is said (`Keep`). Frames
 * are taken and said one after the other. It is `wardwire.client` in the browser; docs/reference/device-protocol.md.
 */

import { type Bytes, newId, text } from "../bytes";
import { Connection, type State, type Timing } from "../nats/connection";
import { about } from "./about";
import type {
  Cursor,
  Down,
  Event,
  OrderFrame,
  Priority,
  RefusedFrame,
  Rows,
  SettingsFrame,
  StatusFrame,
  StoredFrame,
  TeamFrame,
  Welcome,
} from "./frames";
import { PROTOCOL } from "./frames";
import { Hearing } from "./hearing";
import { sign } from "./keys";
import { Repeats, type Said } from "./outbox";
import { type Card, nameOf, Session } from "./session";
import { View } from "./view";

/** Where a device keeps what must not be lost. Each resolves when it is on the disk. */
export interface Keep {
  readonly cursor: Cursor | null;
  /** What waits for its answer, oldest first. */
  readonly waiting: readonly Said[];
  /** Ids of messages of others that this device has kept and was not told that the site knows, and their priority. */
  readonly unconfirmed: readonly { id: string; priority: Priority }[];
  applied(events: Event[], cursor: Cursor | null): Promise<void>;
  confirmed(messages: string[]): Promise<void>;
  status(frame: StatusFrame): Promise<void>;
  team(frame: TeamFrame): void;
  stored(said: Said, frame: StoredFrame): Promise<void>;
  done(said: Said, state: string): Promise<void>;
  refused(said: Said, frame: RefusedFrame): Promise<void>;
  settled(frame: SettingsFrame): Promise<void>;
  obey(order: OrderFrame): Promise<void>;
  /** Own messages of which something live may have been lost. */
  questions(all: boolean): string[];
}

/** `refused`: the site does not let this device in. It may have been put out; or the site is in doubt about everybody. */
export type Link = "connecting" | "live" | "away" | "refused" | "ended";

export interface DeviceOptions {
  url: string;
  app: string;
  timing?: Partial<Timing>;
  /** False: it confirms nothing, for nobody is shown what it gets. */
  receipts?: boolean;
  /** It asks at least so often whether anybody answers; without it as often as the site says. */
  beatMs?: number;
  /** `silentMs`: it was noticed so long after the last word that was heard. */
  onLink: (link: Link, why: string, silentMs: number) => void;
  onWelcome?: (welcome: Welcome) => void;
  /** The site speaks only older, or only newer versions than this. */
  onVersion?: (version: "older" | "newer") => void;
  /** Nothing more will come: `device_revoked`, `session_replaced`, `not_permitted`. */
  onEnd: (why: string) => void;
  /** Something could not be kept: the disk is full, or the browser has taken it away. */
  onTrouble: (error: string) => void;
}

const TICK_MS = 500;
/** A hello or beat without an answer by then: nobody is there, and the person hears of it. Counted in ticks: pages sleep. */
const UNANSWERED_TICKS = 10;
/** So many events are kept at once, at most. */
const RUN_MAX = 200;
/** Who types waits for what is found no longer; what is to be changed may take its time. */
const SEARCH_MS = 5_000;
const ASK_MS = 15_000;
const FINAL = new Set(["device_revoked", "not_permitted", "session_replaced"]);
const UNCONFIRMED = new Set(["pending", "unreachable"]);

export class Device {
  #card: Card;
  #keep: Keep;
  #options: DeviceOptions;
  #session: Session;
  #hearing: Hearing;
  #connection: Connection;
  #repeats = new Repeats();
  #receipts = new Map<string, { body: string; message: string }>();
  #asked = new Map<string, (answer: Down | null) => void>();
  #view: View | null = null;
  #onView: (view: View, refused: RefusedFrame | null) => void = () => {};
  #ticker: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;
  #beatAt = 0;
  /** Ticks since a hello or beat that nothing has answered; null = none waits. */
  #unanswered: number | null = null;
  #quiet = false;
  #shown: Link = "connecting";
  #ended = false;
  #barred = false;
  /** What was heard and is not taken yet; frames are taken, and said, one after the other. */
  #heard: Down[] = [];
  #taking = false;
  #saying: Promise<unknown> = Promise.resolve();

  constructor(card: Card, keep: Keep, options: DeviceOptions) {
    this.#card = card;
    this.#keep = keep;
    this.#options = options;
    this.#session = new Session(card);
    this.#hearing = new Hearing(
      { apply: (events, cursor) => this.#apply(events, cursor), resume: () => this.#resume() },
      keep.cursor,
    );
    this.#connection = new Connection({
      url: options.url,
      name: `device ${nameOf(card)}`,
      login: { nkey: card.keys.nkey, sign: (nonce) => sign(card.keys, nonce) },
      ...(options.timing ? { timing: options.timing } : {}),
      onState: (state, detail) => this.#turned(state, detail),
    });
    this.#connection.subscribe(`d.${nameOf(card)}.down.>`, (message) => this.#hear(message.payload));
  }

  start(): void {
    this.#connection.start();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    this.#ended = true;
    clearInterval(this.#ticker);
    this.#hearing.end();
    this.#connection.close();
  }

  /** The network may be back, or the person looks again. */
  hurry(): void {
    this.#connection.hurry();
    if (this.#session.isOpen) this.#beat();
  }

  // Saying ------------------------------------------------------------------------------------------------------

  /** There is something new in the outbox. */
  pick(): void {
    this.#sayDue(performance.now());
  }

  /** Say that a message was on an unlocked screen for a second. */
  read(message: string, priority: Priority): void {
    this.#receipt(message, "read", priority, `r${message}`);
  }

  /** Ask something of which nothing is kept; null without an answer in time. */
  request(frame: { t: string }): Promise<Down | null> {
    const id = `q${newId()}`;
    return new Promise((resolve) => {
      const settle = (answer: Down | null): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(null), frame.t === "search" ? SEARCH_MS : ASK_MS);
      this.#asked.set(id, settle);
      if (this.#session.isOpen) this.#say(JSON.stringify({ ...frame, id }));
      else settle(null);
    });
  }

  /** Show live which alerts run at a unit, building or site; "" = in the whole house. With a refusal it has ended. */
  watch(place: string, onView: (view: View, refused: RefusedFrame | null) => void): View {
    this.#view = new View(place);
    this.#onView = onView;
    this.#askView();
    return this.#view;
  }

  unwatch(): void {
    if (this.#view && this.#session.isOpen) this.#say(JSON.stringify(this.#view.end()));
    this.#view = null;
  }

  #askView(): void {
    if (this.#view === null) return;
    const word = JSON.stringify(this.#view.ask(performance.now()));
    if (this.#session.isOpen && this.#session.welcome?.hears?.includes("watch")) this.#say(word);
  }

  #rows(frame: Rows): void {
    const view = this.#view;
    if (view === null) return;
    const word = view.take(frame, performance.now());
    if (view.frame === frame) this.#onView(view, null);
    if (word !== null) this.#say(JSON.stringify(word));
  }

  #say(body: string, signed = false): void {
    this.#queue(async () => {
      const envelope = await this.#session.prove(body, signed);
      if (envelope !== null) this.#publish(envelope);
    });
  }

  #queue(work: () => Promise<void>): void {
    this.#saying = this.#saying.then(work).catch((error: unknown) => this.#options.onTrouble(String(error)));
  }

  #publish(envelope: Bytes): void {
    try {
      this.#connection.publish(`d.${nameOf(this.#card)}.up`, envelope);
    } catch {
      // Away: everything that matters is said again, with the same id.
    }
  }

  #hello(): void {
    const info = this.#connection.info;
    if (info === null || this.#ended) return;
    this.#queue(async () => {
      const envelope = await this.#session.writeHello(
        info,
        this.#options.app,
        this.#hearing.cursor,
        performance.now(),
      );
      if (this.#connection.info === info) this.#publish(envelope);
    });
  }

  #resume(): void {
    this.#hearing.asked(performance.now());
    this.#say(JSON.stringify({ t: "resume", ...(this.#hearing.cursor ?? { epoch: 0, seq: 0 }) }));
  }

  #beat(): void {
    this.#beatAt = performance.now();
    this.#unanswered ??= 0;
    this.#say(JSON.stringify({ t: "beat", ...(this.#hearing.cursor ?? { epoch: 0, seq: 0 }) }));
    this.#ask(this.#keep.questions(false));
  }

  #ask(messages: string[]): void {
    if (messages.length > 0) this.#say(JSON.stringify({ t: "ask", messages: messages.slice(0, 100) }));
  }

  #receipt(message: string, kind: "delivered" | "read" | "heard", priority: Priority, id: string): void {
    if (this.#receipts.has(id)) return;
    const body = JSON.stringify({ t: "receipt", message, kind, p: priority, id });
    this.#receipts.set(id, { body, message });
    this.#repeats.said(id, performance.now());
    this.#say(body);
  }

  #sayDue(now: number): void {
    if (!this.#session.isOpen) return;
    for (const said of this.#keep.waiting) {
      if (!this.#repeats.isDue(said.id, now)) continue;
      this.#repeats.said(said.id, now);
      this.#say(said.body, true);
    }
    for (const [id, receipt] of this.#receipts) {
      if (!this.#repeats.isDue(id, now)) continue;
      this.#repeats.said(id, now);
      this.#say(receipt.body);
    }
  }

  #sayAllAgain(): void {
    if (!this.#session.isOpen) {
      this.#hello();
      return;
    }
    this.#repeats = new Repeats();
    for (const { id, priority } of this.#keep.unconfirmed) this.#receipt(id, "delivered", priority, `d${id}`);
    this.#sayDue(performance.now());
    this.#ask(this.#keep.questions(true));
  }

  // Hearing -----------------------------------------------------------------------------------------------------

  #turned(state: State, detail: string): void {
    this.#unanswered = state === "connected" ? 0 : null; // a hello, or nothing
    this.#quiet = false;
    if (state === "connected") {
      this.#session.forget();
      this.#heardAt = performance.now();
      this.#hello();
    } else if (state !== "connecting") {
      this.#session.forget();
    }
    if (this.#ended || state === "closed") return;
    // A device that is refused tries again each second or two: that changes nothing of how it stands.
    this.#barred = state === "refused" || (this.#barred && state === "connecting");
    const connecting = state === "connected" || state === "connecting";
    this.#link(this.#barred ? "refused" : connecting ? "connecting" : "away", detail);
  }

  /** Tell how it stands. Who is away and tries again is away until somebody answers. */
  #link(link: Link, why: string, silentMs = 0): void {
    if (link === "connecting" && this.#shown === "away") return;
    this.#shown = link;
    this.#options.onLink(link, why, silentMs);
  }

  #hear(payload: Bytes): void {
    if (this.#ended) return;
    this.#heardAt = performance.now();
    this.#unanswered = null;
    if (this.#quiet && this.#session.isOpen) this.#link("live", "");
    this.#quiet = false;
    let frame: Down;
    try {
      frame = JSON.parse(text(payload)) as Down;
    } catch {
      return; // a newer core may speak otherwise
    }
    this.#heard.push(frame);
    if (!this.#taking) void this.#takeAll();
  }

  /** Take what was heard, in its order. What came while something was being kept is kept together. */
  async #takeAll(): Promise<void> {
    this.#taking = true;
    for (let frame = this.#heard.shift(); frame && !this.#ended; frame = this.#heard.shift()) {
      try {
        if (frame.t === "event") await this.#hearing.events([frame, ...this.#more("event")]);
        else if (frame.t === "confirmed")
          await this.#confirmed([frame, ...this.#more("confirmed")].flatMap((one) => one.ids));
        else await this.#take(frame);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#taking = false;
  }

  /** The frames of this kind that stand next in the queue. */
  #more<T extends Down["t"]>(kind: T): Extract<Down, { t: T }>[] {
    const other = this.#heard.findIndex((frame) => frame.t !== kind);
    return this.#heard.splice(0, other < 0 ? RUN_MAX : Math.min(other, RUN_MAX)) as Extract<Down, { t: T }>[];
  }

  /** What could not be kept is not confirmed, and asked for anew: the cursor on the disk stands before it. */
  #failed(error: unknown): void {
    this.#options.onTrouble(String(error));
    this.#hearing.end();
    this.#hearing = new Hearing(
      { apply: (events, cursor) => this.#apply(events, cursor), resume: () => this.#resume() },
      this.#keep.cursor,
    );
    setTimeout(() => this.#connection.reconnect("something could not be kept"), 2_000);
  }

  async #take(frame: Exclude<Down, { t: "event" | "confirmed" }>): Promise<void> {
    const asked = "id" in frame ? this.#asked.get(frame.id ?? "") : undefined;
    if (asked) {
      asked(frame);
      return;
    }
    switch (frame.t) {
      case "condensed":
        return this.#hearing.condensed(frame);
      case "beat":
        if (frame.again) {
          this.#sayAllAgain();
          if (this.#session.isOpen) this.#askView();
        }
        this.#hearing.beat(frame);
        return;
      case "welcome":
        return this.#greeted(frame);
      case "stored":
        return this.#answered(frame.id, (said) => this.#keep.stored(said, frame));
      case "done":
        return this.#answered(frame.id, (said) => this.#keep.done(said, frame.state ?? ""));
      case "refused":
        return this.#refused(frame);
      case "unknown":
        this.#repeats.said(frame.id, performance.now());
        return;
      case "error":
        if (frame.code === "session_unknown" && frame.session && frame.session === this.#session.id) {
          this.#session.forget();
          this.#hello();
        } else if (frame.id) this.#repeats.said(frame.id, performance.now());
        return;
      case "status":
        return this.#keep.status(frame);
      case "team":
        this.#keep.team(frame);
        return;
      case "rows":
        this.#rows(frame);
        return;
      case "settings":
        return this.#keep.settled(frame);
      case "login": {
        const info = this.#connection.info;
        if (info?.server_id === frame.server_id && info.client_id === frame.cid)
          this.#connection.reconnect("a new login");
        return;
      }
      case "order":
        await this.#keep.obey(frame);
        this.#publish(await this.#session.writeObeyed(frame));
        return;
      case "bye":
        if (frame.why !== "session_replaced" || frame.session === this.#session.id) this.#end(frame.why);
        return;
    }
  }

  async #greeted(welcome: Welcome): Promise<void> {
    if (!(await this.#session.open(welcome))) return;
    const now = performance.now();
    this.#beatAt = now;
    this.#hearing.welcomed(welcome, this.#session.resumed, now);
    this.#options.onWelcome?.(welcome);
    this.#link("live", "");
    if (welcome.hears?.includes("about")) this.#say(JSON.stringify(about(this.#options.app)));
    this.#sayAllAgain();
    this.#askView();
  }

  async #apply(events: Event[], cursor: Cursor | null): Promise<void> {
    await this.#keep.applied(events, cursor);
    if (this.#options.receipts !== false) for (const event of events) this.#confirm(event);
  }

  #confirm(event: Event): void {
    const own = this.#card.person;
    const priority = (event.message?.priority ?? "high") as Priority;
    const mine = event.deliveries?.find((view) => view.person === own)?.state;
    const state = mine ?? (event.event === "new" || event.event === "ring" ? "pending" : "");
    if (event.message && UNCONFIRMED.has(state)) {
      const call = event.event === "ring" ? `.${event.seq}` : "";
      this.#receipt(event.id, "delivered", priority, `d${event.id}${call}`);
    }
    if (event.event === "unreachable" || event.event === "expired") {
      if (event.deliveries?.some((view) => view.person !== own))
        this.#receipt(event.id, "heard", priority, `h${event.id}`);
    }
  }

  async #confirmed(ids: string[]): Promise<void> {
    const kept: string[] = [];
    for (const id of ids) {
      const receipt = this.#receipts.get(id);
      if (receipt && id.startsWith("d")) kept.push(receipt.message);
      this.#receipts.delete(id);
      this.#repeats.done(id);
    }
    if (kept.length > 0) await this.#keep.confirmed(kept);
  }

  async #answered(id: string, keep: (said: Said) => Promise<void>): Promise<void> {
    const said = this.#keep.waiting.find((one) => one.id === id);
    if (said === undefined) return;
    await keep(said);
    this.#repeats.done(id);
  }

  async #refused(frame: RefusedFrame): Promise<void> {
    if (frame.code === "version_unsupported")
      this.#options.onVersion?.(Number(frame.fields?.maximum ?? 0) < PROTOCOL ? "newer" : "older");
    if (this.#session.isOfHello(frame.id)) {
      if (FINAL.has(frame.code)) this.#end(frame.code);
      else this.#session.spent(performance.now());
      return;
    }
    if (this.#view?.isMine(frame.id)) {
      const view = this.#view;
      this.#view = null;
      this.#onView(view, frame);
      return;
    }
    if (this.#receipts.delete(frame.id)) this.#repeats.done(frame.id);
    await this.#answered(frame.id, (said) => this.#keep.refused(said, frame));
  }

  // Time --------------------------------------------------------------------------------------------------------

  #tick(): void {
    if (this.#connection.state !== "connected") return;
    const now = performance.now();
    if (this.#unanswered !== null && ++this.#unanswered === UNANSWERED_TICKS) {
      // It may be a moment of theirs: the session stays, and holds again with the next word that is heard.
      this.#quiet = true;
      this.#link("away", "nobody answers", now - this.#heardAt);
    }
    if (!this.#session.isOpen) {
      if (this.#session.helloIsDue(now)) this.#hello();
      return;
    }
    this.#sayDue(now);
    this.#hearing.tick(now);
    if (this.#view?.isStale(now)) this.#askView();
    const siteMs = 1_000 * (this.#session.welcome?.beat_s ?? 15);
    const beatMs = Math.min(siteMs, this.#options.beatMs ?? siteMs);
    if (now - this.#beatAt >= beatMs) this.#beat();
    if (now - this.#heardAt > 3 * siteMs) {
      // The connection stays, its server answers: it is the cores that are away.
      this.#link("away", "no core answers", now - this.#heardAt);
      this.#heardAt = now;
      this.#session.forget();
      this.#hello();
    }
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.stop();
    this.#link("ended", why);
    this.#options.onEnd(why);
  }
}
