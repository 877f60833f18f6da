/** Puts events in order: each is applied once, by its number; what is missing is noticed. No I/O, no clock. */

import type { Condensed, Cursor, Event } from "./frames";

const HELD_MAX = 2_000;

export class Order {
  /** The last event that was applied, and of which epoch; null before the first. */
  cursor: Cursor | null;
  /** The cursor is of another history, as we were told: until the page that begins anew no number says anything. */
  estranged = false;

  #expected: number[] = [];
  #last = 0; // of the condensed page that is expected
  #held = new Map<number, Event>();
  #overtaking = new Map<string, Event>(); // before the page that begins anew
  #foreign = false;

  constructor(cursor: Cursor | null = null) {
    this.cursor = cursor;
  }

  /** Whether something is missing: what comes after it waits. */
  get behind(): boolean {
    return this.#held.size > 0 || this.#expected.length > 0 || this.#foreign;
  }

  get seq(): number {
    return this.cursor?.seq ?? 0;
  }

  /** Expect a page of events with holes. False: it does not continue what is here, and was passed over. */
  condensed(page: Condensed): boolean {
    let awaited = new Set(this.#expected);
    if (page.reset) {
      const asked = page.asked?.epoch ? page.asked : null;
      if (same(asked, this.cursor)) {
        this.cursor = { epoch: page.epoch, seq: page.first - 1 };
        // What overtook this page may be behind its end, and nobody would say it again soon.
        const overtaking = [...this.#overtaking.values()].filter((event) => event.epoch === page.epoch);
        this.#held = new Map(overtaking.map((event) => [event.seq, event]));
        this.#overtaking.clear();
        awaited = new Set();
        this.estranged = this.#foreign = false;
      }
    }
    const cursor = this.cursor;
    if (!cursor || cursor.epoch !== page.epoch || page.first > cursor.seq + 1 || page.last < cursor.seq) return false;
    this.#expected = page.seqs.filter((seq) => seq > cursor.seq);
    this.#last = page.last;
    // What was said live does not carry its message as this page's frames do: it must not stand in for them.
    const expected = new Set(this.#expected);
    for (const seq of [...this.#held.keys()]) {
      if (seq <= page.last && !(awaited.has(seq) && expected.has(seq))) this.#held.delete(seq);
    }
    if (this.#expected.length === 0) this.cursor = { epoch: page.epoch, seq: page.last };
    return true;
  }

  /** Take an event, in whatever order they come; gives those that are to be applied now. */
  take(event: Event): Event[] {
    const cursor = this.cursor;
    if (!cursor || this.estranged || event.epoch > cursor.epoch) {
      this.#foreign = true;
      if (this.#overtaking.size < HELD_MAX) this.#overtaking.set(`${event.epoch}.${event.seq}`, event);
      return [];
    }
    if (event.epoch < cursor.epoch || event.seq <= cursor.seq || this.#held.has(event.seq)) return [];
    const expecting = this.#expected.length > 0 && event.seq <= this.#last;
    if (expecting && !this.#expected.includes(event.seq)) return []; // its message comes with a later event
    if (this.#held.size < HELD_MAX) this.#held.set(event.seq, event);
    return this.drain();
  }

  /** The held events that nothing is missing before; they count as applied. */
  drain(): Event[] {
    const ready: Event[] = [];
    while (this.cursor !== null) {
      const wanted = this.#expected[0] ?? this.cursor.seq + 1;
      const event = this.#held.get(wanted);
      if (event === undefined) break;
      this.#held.delete(wanted);
      ready.push(event);
      let reached = wanted;
      if (this.#expected.length > 0) {
        this.#expected.shift();
        if (this.#expected.length === 0) reached = Math.max(wanted, this.#last);
      }
      this.cursor = { epoch: this.cursor.epoch, seq: reached };
    }
    return ready;
  }
}

export function same(one: Cursor | null | undefined, other: Cursor | null | undefined): boolean {
  return one?.epoch === other?.epoch && one?.seq === other?.seq;
}
