/** What a board keeps of its person's messages: nothing. It confirms none, so that whoever sends one is told. */

import type { Keep } from "../core/device/device";
import type { Cursor, Event } from "../core/device/frames";

const done = Promise.resolve();

export class Deaf implements Keep {
  cursor: Cursor | null = null;
  readonly waiting = [];
  readonly unconfirmed = [];

  applied(_events: Event[], cursor: Cursor | null): Promise<void> {
    this.cursor = cursor;
    return done;
  }
  confirmed = (): Promise<void> => done;
  status = (): Promise<void> => done;
  team(): void {}
  stored = (): Promise<void> => done;
  done = (): Promise<void> => done;
  refused = (): Promise<void> => done;
  settled = (): Promise<void> => done;
  obey = (): Promise<void> => done;
  questions = (): string[] => [];
}
