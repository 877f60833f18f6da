/** Which language a person reads, and how an app's words are looked up in it. Each app has a catalogue of its own. */

import { signal } from "@preact/signals";
import { isPseudo, pseudo } from "./pseudo";

export const LANGUAGES = { en: "English", de: "Deutsch" };
export type Language = keyof typeof LANGUAGES;

export const language = signal<Language>(guess());

function guess(): Language {
  const wished = navigator.languages.map((one) => one.slice(0, 2));
  return (wished.find((one) => one in LANGUAGES) as Language | undefined) ?? "en";
}

/** How this browser's people write times in that language: `en-GB` rather than `en`, if they say so. */
export function region(): string {
  return navigator.languages.find((one) => one.startsWith(language.value)) ?? language.value;
}

type Values = Record<string, string | number>;
/** A key of texts about a number of things: one ends in `.one`, the other in `.other`. */
type Counted<Key> = Key extends `${infer Stem}.other` ? Stem : never;

/** Make what looks words up; each catalogue has every key. */
export function words<Key extends string>(catalogues: Record<Language, Record<Key, string>>) {
  /** A text, with what stands in its braces filled in. */
  function t(key: Key, values: Values = {}): string {
    const text = catalogues[language.value][key];
    return (isPseudo ? pseudo(text) : text).replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
  }
  /** A text about a number of things. */
  function count(key: Counted<Key>, n: number, values: Values = {}): string {
    const form = new Intl.PluralRules(language.value).select(n) === "one" ? "one" : "other";
    return t(`${key}.${form}` as Key, { n, ...values });
  }
  const isKey = (key: string): key is Key => key in catalogues.en;
  return { t, count, isKey };
}
