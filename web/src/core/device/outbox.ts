/**
 * What the person has said and was not told of yet: kept on the disk, said again with the same id until it is answered.
 *
 * An entry is written before it is said for the first time. It goes when its answer has been kept.
 */

import type { MessageView } from "../generated/frames";

export interface Said {
  id: string;
  /** The frame, byte for byte the same each time. */
  body: string;
  kind: "send" | "response" | "cancel" | "escalate" | "nudge" | "test" | "availability";
  /** The message that it is about; "" of a send. */
  message: string;
  /** What the person said, to be shown while it waits: `accept`, a choice, a text. */
  words: string;
  /** Of `escalate`: the message that an alert is made of. */
  about?: MessageView;
  /** Unix milliseconds of this device. */
  created: number;
  /** The site said no: its code and words. It stays until the person has seen it. */
  refused?: { code: string; detail: string; fields: Record<string, unknown> };
}

/** Whether an entry still waits for its answer. */
export const waits = (said: Said): boolean => said.refused === undefined;

const AGAIN_MS = 2_000;

/** When each entry is to be said again: after 2, 4, 8, 16 s. Times are monotonic milliseconds. */
export class Repeats {
  #due = new Map<string, { at: number; tries: number }>();

  /** It was said just now, or its answer was *later*. */
  said(id: string, now: number): void {
    const tries = this.#due.get(id)?.tries ?? 0;
    this.#due.set(id, { at: now + AGAIN_MS * 2 ** Math.min(tries, 3), tries: tries + 1 });
  }

  isDue(id: string, now: number): boolean {
    const due = this.#due.get(id);
    return due === undefined || due.at <= now;
  }

  done(id: string): void {
    this.#due.delete(id);
  }
}
