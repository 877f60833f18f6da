/** What a device hears: its person's events, in order and once, and what is missing of them is asked for. */

import type { BeatBack, Condensed, Cursor, Event, Welcome } from "./frames";
import { Order } from "./order";

const GAP_MS = 100;
const GAP_MS_MAX = 2_000;
const LOST_MS = 2_000;

export interface Ear {
  /** Keep events for good, in this order, and where they end. */
  apply(events: Event[], cursor: Cursor | null): Promise<void>;
  /** Ask for everything after the cursor. */
  resume(): void;
}

export class Hearing {
  #order: Order;
  #ear: Ear;
  #head = 0;
  #askedAt = 0;
  #gap: ReturnType<typeof setTimeout> | undefined;
  #gapMs = GAP_MS;

  constructor(ear: Ear, cursor: Cursor | null) {
    this.#ear = ear;
    this.#order = new Order(cursor);
  }

  get cursor(): Cursor | null {
    return this.#order.cursor;
  }

  welcomed(welcome: Welcome, asked: Cursor | null, now: number): void {
    this.#head = welcome.head;
    this.asked(now);
    if (asked && (asked.epoch !== welcome.epoch || asked.seq > welcome.head)) {
      // By its number alone nobody would see that the state is still to come, should its page be lost.
      this.#order.estranged = true;
    }
  }

  async events(events: Event[]): Promise<void> {
    await this.#apply(events.flatMap((event) => this.#order.take(event)));
  }

  async condensed(page: Condensed): Promise<void> {
    if (this.#order.condensed(page)) await this.#apply(this.#order.drain());
    else this.#mindTheGap();
  }

  beat(beat: BeatBack): void {
    this.#head = beat.head;
    if (beat.head !== this.#order.seq && !this.#order.behind) this.#ear.resume();
  }

  /** What is missing was asked for just now. */
  asked(now: number): void {
    this.#askedAt = now;
  }

  /** Ask again when the answer to an earlier question was lost. */
  tick(now: number): void {
    const missing = this.#order.seq < this.#head || this.#order.estranged;
    if (missing && now - this.#askedAt > LOST_MS) this.#ear.resume();
  }

  end(): void {
    clearTimeout(this.#gap);
  }

  async #apply(events: Event[]): Promise<void> {
    await this.#ear.apply(events, this.#order.cursor);
    this.#mindTheGap();
  }

  /** If something is missing, and stays so for a moment, ask for it. */
  #mindTheGap(): void {
    if (!this.#order.behind || this.#gap !== undefined) return;
    const at = this.#order.cursor;
    this.#gap = setTimeout(() => {
      this.#gap = undefined;
      const stuck = this.#order.behind && this.#order.cursor === at;
      this.#gapMs = stuck ? Math.min(GAP_MS_MAX, this.#gapMs * 2) : GAP_MS;
      if (stuck) this.#ear.resume();
      this.#mindTheGap();
    }, this.#gapMs);
  }
}
