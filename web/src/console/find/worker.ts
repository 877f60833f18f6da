/** Keeps the copy of the directory on the disk and in memory, apart from the thread that draws; and finds in it. */

import { type Entry, Index } from "./index";

const DATABASE = "wardwire-directory";
const PAGE = 1_000;
const SLICE = 1_000;

export type Ask =
  | { t: "find"; n: number; query: string; limit: number; kind: string }
  | { t: "refresh" }
  | { t: "called"; ids: string[] }
  | { t: "forget" };
export type Tell =
  | { t: "found"; n: number; data: Entry[] }
  /** `fresh`: the site has just said that this is all of it. */
  | { t: "size"; size: number; fresh: boolean }
  /** `status`: what the site answered instead; 0 = it did not. */
  | { t: "failed"; status: number };

const index = new Index();
const tell = (word: Tell): void => postMessage(word);
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("entries", { keyPath: "id" });
      request.result.createObjectStore("state");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function read<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Take up what is on the disk, a slice at a time: whoever types meanwhile is answered. */
async function load(database: IDBDatabase): Promise<void> {
  let from: IDBKeyRange | null = null;
  for (;;) {
    const slice: Entry[] = await read(database.transaction("entries").objectStore("entries").getAll(from, SLICE));
    for (const entry of slice) index.put(entry);
    const last = slice.at(-1);
    if (!last || slice.length < SLICE) break;
    from = IDBKeyRange.lowerBound(last.id, true);
    await breathe();
  }
  index.settle();
  tell({ t: "size", size: index.size, fresh: false });
}

/** A page and where it ends are kept as a whole. */
function keep(database: IDBDatabase, entries: Entry[], cursor: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(["entries", "state"], "readwrite");
    const store = transaction.objectStore("entries");
    for (const entry of entries) entry.gone ? store.delete(entry.id) : store.put(entry);
    transaction.objectStore("state").put(cursor, "cursor");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Take in what has changed since the last time. */
async function refresh(database: IDBDatabase): Promise<void> {
  let after: string | undefined = await read(database.transaction("state").objectStore("state").get("cursor"));
  for (;;) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(after ? { after } : {}) });
    const answer = await fetch(`/v1/search/entries?${query}`).catch(() => null);
    if (!answer?.ok) return tell({ t: "failed", status: answer?.status ?? 0 });
    const page = (await answer.json()) as { data: Entry[]; next: string | null; cursor: string };
    await keep(database, page.data, page.cursor);
    for (const entry of page.data) index.put(entry);
    after = page.cursor;
    if (page.next === null) break;
    tell({ t: "size", size: index.size, fresh: false });
  }
  index.settle();
  tell({ t: "size", size: index.size, fresh: true });
}

const ready = open().then(async (database) => {
  await load(database);
  return database;
});
let working: Promise<unknown> = ready.catch(() => tell({ t: "failed", status: 0 }));

self.onmessage = (event: MessageEvent<Ask>) => {
  const ask = event.data;
  if (ask.t === "find") tell({ t: "found", n: ask.n, data: index.search(ask.query, ask.limit, ask.kind) });
  else if (ask.t === "called") index.call(new Set(ask.ids));
  else if (ask.t === "refresh")
    working = working.then(async () => refresh(await ready)).catch(() => tell({ t: "failed", status: 0 }));
  else
    working = working.then(async () => {
      (await ready).close();
      indexedDB.deleteDatabase(DATABASE);
      tell({ t: "size", size: 0, fresh: false });
    });
};
