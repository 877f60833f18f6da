/** Sees to it that the console and the call-down sheet open when nobody answers: the service worker keeps them. */

import { effect } from "@preact/signals";
import { client } from "./state";

const AGAIN_MS = 600_000;
const SHEET = ["/sheets/call-down", "/sheets/on-call", "/pages/style.css"];

/** Ask the service worker to keep this page, what it is made of, and the sheet as it is now. */
async function keepAll(): Promise<void> {
  const worker = (await navigator.serviceWorker.ready).active;
  const parts = performance
    .getEntriesByType("resource")
    .map((one) => new URL(one.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith("/assets/"))
    .map((url) => url.pathname);
  worker?.postMessage({ keep: [...SHEET, "/console", ...new Set(parts)] });
}

/** Keep them now, whenever the site is there again, and every ten minutes. */
export function begin(): void {
  if (!("serviceWorker" in navigator)) return;
  effect(() => {
    if (client.value?.link.value.link === "live") void keepAll();
  });
  setInterval(() => void keepAll(), AGAIN_MS);
}

/** Whoever signs out leaves no numbers behind. */
export async function forgetSheets(): Promise<void> {
  if ("serviceWorker" in navigator) (await navigator.serviceWorker.ready).active?.postMessage("forget");
}
