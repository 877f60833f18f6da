/** Web Push as far as a browser has it: subscribe with the site's key, say where, and end it. Nothing is sent from here. */

import { readBase64, writeBase64 } from "./bytes";

/** What the site is told: where this browser lets itself be woken, and the keys that what is sent is sealed with. */
export interface Woken {
  endpoint: string;
  p256dh: string;
  auth: string;
}

const registration = async (): Promise<ServiceWorkerRegistration | undefined> =>
  "serviceWorker" in navigator ? navigator.serviceWorker.getRegistration() : undefined;

/** Subscribe, or say how one is subscribed; null where this browser cannot, or its person has not allowed it. */
export async function subscribe(key: string): Promise<Woken | null> {
  try {
    const manager = (await registration())?.pushManager;
    if (!manager) return null;
    let there = await manager.getSubscription();
    const of = there?.options.applicationServerKey;
    if (there && (!of || writeBase64(new Uint8Array(of)) !== key)) {
      await there.unsubscribe(); // of another site, or of a key that is no longer ours
      there = null;
    }
    there ??= await manager.subscribe({ userVisibleOnly: true, applicationServerKey: readBase64(key) });
    const { endpoint, keys } = there.toJSON();
    return endpoint && keys?.p256dh && keys.auth ? { endpoint, p256dh: keys.p256dh, auth: keys.auth } : null;
  } catch {
    return null; // no push service, or it does not answer
  }
}

/** Let nobody wake this browser any more. */
export async function unsubscribe(): Promise<void> {
  await (await (await registration())?.pushManager?.getSubscription())?.unsubscribe();
}
