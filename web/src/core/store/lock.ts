/** Passcodes: what one must be like, and how often one may be wrong. Pure. */

export const PASSCODE_MIN = 6;
const FREE = 3;
const WAIT_MAX_MS = 60_000;

/** Wrong passcodes in a row, and when the last one was (Unix milliseconds). On the disk before one is looked at. */
export interface Tries {
  wrong: number;
  at: number;
}
export const NO_TRIES: Tries = { wrong: 0, at: 0 };

/** How long nobody may try again: not at all three times, then 5, 10, 20 s, up to a minute. */
export function waitMs(tries: Tries, now: number): number {
  if (tries.wrong < FREE) return 0;
  const whole = Math.min(WAIT_MAX_MS, 5_000 * 2 ** (tries.wrong - FREE));
  // A clock that was put back must not shut anybody out for longer than that.
  return Math.min(whole, Math.max(0, tries.at + whole - now));
}

/** Why a passcode is none; "" when it is one. */
export function weakness(passcode: string): "" | "short" | "simple" {
  const letters = [...passcode];
  if (letters.length < PASSCODE_MIN) return "short";
  const steps = new Set(letters.slice(1).map((letter, at) => letter.charCodeAt(0) - passcode.charCodeAt(at)));
  const [only] = steps;
  return steps.size === 1 && Math.abs(only ?? 0) <= 1 ? "simple" : "";
}
