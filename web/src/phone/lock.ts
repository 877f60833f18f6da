/** Locks the app when nobody has used it for as long as the site says, in all tabs together. */

import { computed } from "@preact/signals";
import { client } from "./state";

const LOOK_MS = 1_000;
const DEFAULT_S = 120;
/** Other tabs are told at most so often that somebody is here. */
const TELL_MS = 5_000;

/** Whether the site wants a passcode, and there is none yet. */
export const mustGuard = computed(
  () => client.value?.kept.settings.value.values.passcode === "required" && !client.value.guarded.value,
);

/** Both clocks: one stands still while a device sleeps, the other may be put back. */
interface Instant {
  wall: number;
  steady: number;
}
const instant = (): Instant => ({ wall: Date.now(), steady: performance.now() });

/** How long ago something was, by whichever clock says longer. Milliseconds. */
export function since(then: Instant, now: Instant): number {
  return Math.max(now.wall - then.wall, now.steady - then.steady);
}

export function lockByTime(): void {
  let last = instant();
  let told = instant();
  const look = (): void => {
    const current = client.peek();
    if (!current) return;
    current.used = () => {
      last = instant();
    };
    const seconds = Number(current.kept.settings.peek().values.lock_after_s ?? DEFAULT_S);
    if (since(last, instant()) > seconds * 1_000) void current.lock();
  };
  const use = (): void => {
    look(); // whoever comes back after the time finds it locked, also where no timer ran meanwhile
    last = instant();
    if (since(told, last) < TELL_MS) return;
    told = last;
    client.peek()?.touch();
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, use, { passive: true, capture: true });
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_MS);
}
