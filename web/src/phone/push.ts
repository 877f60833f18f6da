/**
 * Keeps the site informed where it may wake this browser: at each start, and whenever the browser changes it.
 *
 * Nothing is sent by it yet: a closed app is not heard, and says so (`closed`).
 */

import { effect, untracked } from "@preact/signals";
import { subscribe, unsubscribe } from "../core/push";
import { canNotify } from "./notify";
import { client, closed } from "./state";

async function keep(): Promise<void> {
  const current = client.peek();
  const key = current?.push.peek();
  if (!current || !key || !current.leads.peek() || canNotify() !== "granted") return;
  const woken = await subscribe(key);
  closed.value = woken ? "kept" : "cannot";
  await current.request(woken ? { t: "push", ...woken } : { t: "push_end" });
}

export function keepPush(): void {
  effect(() => {
    const current = client.value;
    if (current) current.forgotten = unsubscribe;
    if (current?.push.value && current.link.value.link === "live") untracked(() => void keep());
  });
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<{ push?: string }>) => {
    if (event.data?.push) void keep();
  });
  void navigator.permissions
    ?.query({ name: "notifications" })
    .then((permission) => {
      permission.onchange = () => void keep();
    })
    .catch(() => undefined);
}
