/** Makes this browser a device of its operator: the same as every device, and the same one as the app's at `/`. */

import { Client } from "../core/client";
import type { Card } from "../core/device/session";
import { edge } from "../core/own";
import { client, database } from "./state";

export const APP = "console/1";
/** Within ten seconds the desk must know that nobody answers any more: it telephones then. */
const BEAT_MS = 3_000;

/** Begin to be the device of this card. */
export async function begin(card: Card): Promise<void> {
  const made = await Client.of(card, database, edge(), APP, BEAT_MS);
  made.watch("");
  await made.start();
  client.value = made;
}

const KEPT = "wardwire-code";

/** The code of the link that led here, `#enrol=CODE`; it outlives signing in. */
export function codeOfLink(): string {
  const code = /^#enrol=([\w-]+)$/.exec(location.hash)?.[1];
  if (code) {
    sessionStorage.setItem(KEPT, code);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? "";
}

export const forgetCode = (): void => sessionStorage.removeItem(KEPT);
