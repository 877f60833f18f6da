/** The words of the clinician's app in the person's language, and times as its people write them. */

import { de } from "./de";
import { en, type Key } from "./en";
import { region, words } from "./language";

export { LANGUAGES, type Language, language } from "./language";
export type { Key };

export const { t, count, isKey } = words({ en, de });

/** A time of day; with the day when that is another one. */
export function time(ms: number): string {
  const day = new Date(ms).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(region(), {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(day ? {} : { day: "numeric", month: "short" }),
  }).format(ms);
}

/** How long ago, in one short word. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return t("age.now");
  if (minutes < 60) return t("age.min", { n: minutes });
  if (minutes < 1_440) return t("age.h", { n: Math.floor(minutes / 60) });
  return t("age.d", { n: Math.floor(minutes / 1_440) });
}

/** What is left, as minutes and seconds. */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}
