/** What the frame and its parts say, and times as the person's people write them. */

import { language, region, words } from "../../core/i18n/language";
import { de } from "./de";
import { en, type Key } from "./en";

export type { Key };

export const { t, count, isKey } = words({ en, de });

/** An instant with its day where that is not today; seconds only on request. */
export function time(at: number | string, seconds = true): string {
  const date = new Date(at);
  const day = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(region(), {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...(day ? {} : { day: "numeric", month: "short", year: "numeric" }),
  }).format(date);
}

/** An instant as its time of day alone. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(region(), { hour: "2-digit", minute: "2-digit" }).format(at);
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(region(), { maximumFractionDigits: digits }).format(value);
}

/** How long something took or lasts, in its two largest units at most: `0.8 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export function span(ms: number): string {
  const s = ms / 1_000;
  const d = language.value === "de" ? "T" : "d";
  if (s < 10) return `${number(s, s < 1 ? 2 : 1)} s`;
  if (s < 60) return `${number(s)} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return two(min, "min", Math.floor(s % 60), "s");
  const h = Math.floor(min / 60);
  return h < 48 ? two(h, "h", min % 60, "min") : two(Math.floor(h / 24), d, h % 24, "h");
}

function two(large: number, one: string, small: number, other: string): string {
  return small ? `${large} ${one} ${small} ${other}` : `${large} ${one}`;
}
