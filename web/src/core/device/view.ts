/**
 * What a device shows of the alerts that run: a view, kept up to date by frames of which none may be missing.
 *
 * Whatever goes wrong has one remedy: it is asked for anew, and until that is whole the old one stays on the screen. It
 * is `wardwire.client.watching` in the browser.
 */

import { newId } from "../bytes";
import type { BoardRow, Rows, Unwatch, Watch, Watched } from "../generated/frames";

/** A core says something every five seconds; after three times that what is shown is stale. */
export const STALE_MS = 15_000;

export class View {
  /** Of a unit, a building or a site; "" = the whole house. */
  readonly place: string;
  /** What runs, by message; as of the last frame. */
  rows = new Map<string, BoardRow>();
  /** Whether that is all there is. */
  whole = false;
  more = 0;
  frame: Rows | null = null;
  /** When that came, or when the view was asked for (`performance.now()`). */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Messages that the last frame changed or took away; null = look at all of them. */
  touched: string[] | null = null;
  #id = "";
  #n = 0;
  #coming = new Map<string, BoardRow>();

  constructor(place: string) {
    this.place = place;
  }

  ask(now: number): Watch {
    this.#id = `w${newId()}`;
    this.#n = 0;
    this.#coming = new Map();
    this.heardAt = now;
    return { t: "watch", id: this.#id, ...(this.place ? { place: this.place } : {}) };
  }

  end(): Unwatch {
    return { t: "unwatch", id: this.#id };
  }

  isMine(id: string | undefined): boolean {
    return id === this.#id;
  }

  isStale(now: number): boolean {
    return now - this.heardAt > STALE_MS;
  }

  /** Take a frame, and say what is to be said then. `rows` has changed if `frame` is this one afterwards. */
  take(frame: Rows, now: number): Watched | Watch | null {
    if (frame.id !== this.#id || frame.n <= this.#n) return null;
    if (frame.n !== this.#n + 1) return this.ask(now);
    this.#n = frame.n;
    this.heardAt = now;
    for (const row of frame.rows ?? []) this.#coming.set(row.message, row);
    for (const one of frame.gone ?? []) this.#coming.delete(one.message);
    if (frame.whole || !this.whole) {
      const same = this.rows === this.#coming;
      this.touched = same ? [...(frame.rows ?? []), ...(frame.gone ?? [])].map((one) => one.message) : null;
      this.rows = this.#coming;
      this.more = frame.more ?? 0;
      this.whole = frame.whole ?? false;
    } else this.touched = [];
    this.frame = frame;
    return frame.ack ? { t: "watched", id: this.#id, n: frame.n } : null;
  }
}
