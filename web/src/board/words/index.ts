/** The words of the board in its language, and how long things last. */

import { region, words } from "../../core/i18n/language";
import { de } from "./de";
import { en, type Key } from "./en";

export type { Key };

export const { t, count, isKey } = words({ en, de });

/** A time of day. */
export function time(ms: number): string {
  return new Intl.DateTimeFormat(region(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
}

/** How long: `0:42`, `12:05`, `3:07:12`. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(s / 3_600);
  const min = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(min)}:${two(s % 60)}` : `${min}:${two(s % 60)}`;
}
