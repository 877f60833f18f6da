/** Registers this browser as a device, with a one-time code. */

import { type Keys, makeKeys, NoKeys, plainCode, writeRegistration } from "./device/keys";
import type { Card } from "./device/session";
import type { DeviceOut } from "./generated/frames";
import type { Database } from "./store/database";

const PATIENCE_MS = 15_000;

/** The site said no; `code` is its own, or `offline` when it did not answer. */
export class NotEnrolled extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Why this browser is a device no longer, and how much of what it had to say was not sent. */
export interface Over {
  why: string;
  unsent: number;
}

/** What this browser is: whose device, or one that has ended; a code in the link begins anew. Throws StorageFailed. */
export async function placeOf(database: Database, code: string): Promise<{ ended: Over | null; card?: Card }> {
  const ended = code ? null : ((await database.get<Over>("state", "ended")) ?? null);
  const card = await database.get<Card>("device", "card");
  return card ? { ended, card } : { ended };
}

/** The key of the words for why a device could not be added. */
export function troubleOf(error: unknown): string {
  if (error instanceof NotEnrolled) return `error.${error.code}`;
  return error instanceof NoKeys ? "error.nokeys" : "error.storage";
}

/**
 * Register, and keep the card. When no answer came, the same code again uses the same keys: it is good for them.
 *
 * Throws NotEnrolled, NoKeys, StorageFailed.
 */
export async function enrol(database: Database, code: string, name: string, app: string): Promise<Card> {
  const plain = plainCode(code);
  const begun = await database.get<{ code: string; keys: Keys }>("device", "begun");
  const keys = begun?.code === plain ? begun.keys : await makeKeys();
  await database.put("device", "begun", { code: plain, keys });
  const place = await register(await writeRegistration(keys, plain, name, app));
  const card: Card = { keys, device: place.device, person: place.person, name: place.name, site: place.site_x25519 };
  await database.write(["device", "state"], (open) => {
    open("device").put(card, "card");
    open("device").delete("begun");
    open("state").delete("ended");
  });
  return card;
}

async function register(body: object): Promise<DeviceOut> {
  let answer: Response;
  try {
    answer = await fetch("/v1/devices/register", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new NotEnrolled("offline", String(error));
  }
  const read = (await answer.json().catch(() => null)) as (DeviceOut & { code?: string; detail?: string }) | null;
  if (answer.ok && read?.device && read.site_x25519) return read;
  // Whoever answers otherwise than the site does, is not the site.
  if (!read?.code || answer.status >= 500) throw new NotEnrolled("offline", `${answer.status}`);
  throw new NotEnrolled(read.code, read.detail ?? "");
}
