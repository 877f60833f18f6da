/** The browser's database, as promises: what is kept is on the disk when a promise resolves, or it rejects. */

export const STORES = ["device", "messages", "outbox", "state"] as const;
export type Store = (typeof STORES)[number];
const VERSION = 1;

/** The disk is full, or the browser has closed or taken the database away. */
export class StorageFailed extends Error {}

export class Database {
  /** Called when the browser has taken it away (`evicted`), or a newer version of the app needs it in another shape. */
  gone: (why: "evicted" | "newer") => void = () => undefined;

  readonly name: string;

  #opened: Promise<IDBDatabase> | null = null;

  constructor(name = "wardwire") {
    this.name = name;
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, VERSION);
      request.onupgradeneeded = () => {
        for (const store of STORES) request.result.createObjectStore(store);
      };
      request.onerror = () => reject(new StorageFailed(String(request.error)));
      request.onblocked = () => reject(new StorageFailed("another tab holds an older version"));
      request.onsuccess = () => {
        const database = request.result;
        database.onclose = () => {
          this.#opened = null;
          this.gone("evicted");
        };
        database.onversionchange = (event) => {
          database.close();
          this.#opened = null;
          this.gone(event.newVersion === null ? "evicted" : "newer");
        };
        resolve(database);
      };
    });
    this.#opened.catch(() => {
      this.#opened = null;
    });
    return this.#opened;
  }

  /** Do some writing as a whole: all of it is kept, or none. */
  async write(stores: Store[], work: (store: (name: Store) => IDBObjectStore) => void): Promise<void> {
    const database = await this.#open();
    await new Promise<void>((resolve, reject) => {
      // Throws where the browser has closed the database under us: it is opened anew the next time.
      const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
      try {
        work((name) => transaction.objectStore(name));
      } catch (error) {
        transaction.abort(); // or what came before it would be kept, alone
        reject(new StorageFailed(String(error)));
        return;
      }
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(new StorageFailed(String(transaction.error)));
    });
  }

  async get<T>(store: Store, key: string): Promise<T | undefined> {
    return this.#read((database) => database.transaction(store).objectStore(store).get(key));
  }

  async all<T>(store: Store): Promise<T[]> {
    return (await this.#read<T[]>((database) => database.transaction(store).objectStore(store).getAll())) ?? [];
  }

  async put(store: Store, key: string, value: unknown): Promise<void> {
    await this.write([store], (open) => open(store).put(value, key));
  }

  /** What is there; or else what `make` makes, kept: two tabs get the same. */
  async putNew<T>(store: Store, key: string, make: () => Promise<T>): Promise<T> {
    const there = await this.get<T>(store, key);
    if (there !== undefined) return there;
    const made = await make();
    await this.write([store], (open) => {
      const asked = open(store).getKey(key);
      asked.onsuccess = () => {
        if (asked.result === undefined) open(store).put(made, key);
      };
    });
    return (await this.get<T>(store, key)) ?? made;
  }

  /** Forget everything. */
  async wipe(): Promise<void> {
    await this.write([...STORES], (open) => {
      for (const store of STORES) open(store).clear();
    });
  }

  async #read<T>(ask: (database: IDBDatabase) => IDBRequest): Promise<T | undefined> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const request = ask(database);
      request.onsuccess = () => resolve(request.result as T | undefined);
      request.onerror = () => reject(new StorageFailed(String(request.error)));
    });
  }
}
