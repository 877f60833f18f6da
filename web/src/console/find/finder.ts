/** The copy of the directory, as the screens use it. What a worker does is told in `worker.ts`. */

import { signal } from "@preact/signals";
import type { Entry } from "./index";
import type { Ask, Tell } from "./worker";

/** How many entries there are to be found, and whether the site has said that it is all. */
export const copied = signal({ size: 0, fresh: false, failed: -1 });

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const waiting = new Map<number, (data: Entry[]) => void>();
let numbered = 0;
const ask = (word: Ask): void => worker.postMessage(word);

worker.onmessage = (event: MessageEvent<Tell>) => {
  const told = event.data;
  if (told.t === "found") {
    waiting.get(told.n)?.(told.data);
    waiting.delete(told.n);
  } else if (told.t === "size") copied.value = { size: told.size, fresh: told.fresh, failed: -1 };
  else copied.value = { ...copied.value, failed: told.status };
};

/** Find in the copy: answered within milliseconds, also while the site is away. */
export function find(query: string, limit = 20, kind = ""): Promise<Entry[]> {
  const n = ++numbered;
  ask({ t: "find", n, query, limit, kind });
  return new Promise((resolve) => waiting.set(n, resolve));
}

export const refresh = (): void => ask({ t: "refresh" });
export const called = (ids: Iterable<string>): void => ask({ t: "called", ids: [...ids] });
export const forget = (): void => ask({ t: "forget" });
