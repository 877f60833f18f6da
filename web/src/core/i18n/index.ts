/** The words in the person's language, and times as its people write them. */

import { signal } from "@preact/signals";
import { de } from "./de";
import { en, type Key } from "./en";

const CATALOGUES = { en, de } satisfies Record<string, Record<Key, string>>;
export type Language = keyof typeof CATALOGUES;
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };
export type { Key };

export const language = signal<Language>(guess());

function guess(): Language {
  const wished = navigator.languages.map((one) => one.slice(0, 2));
  return (wished.find((one) => one in CATALOGUES) as Language | undefined) ?? "en";
}

/** How this browser's people write times in that language: `en-GB` rather than `en`, if they say so. */
function region(): string {
  return navigator.languages.find((one) => one.startsWith(language.value)) ?? language.value;
}

/** A text, with what stands in its braces filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const catalogue: Record<Key, string> = CATALOGUES[language.value];
  return catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A text about a number of things. */
export function count(key: "inbox.new" | "compose.people" | "ended.unsent", n: number): string {
  const form = new Intl.PluralRules(language.value).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n });
}

export const isKey = (key: string): key is Key => key in en;

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
