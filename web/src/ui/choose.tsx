/** One of a few: also in which language somebody reads, and how it looks. */

import { LANGUAGES, type Language, language } from "../core/i18n/language";
import { THEMES, type Theme } from "../core/look";

interface Wishes<T extends string> {
  label: string;
  /** Only readers are told the label. */
  bare?: boolean;
  value: T;
  options: readonly (readonly [value: T, words: string])[];
  /** Each option is written in the language that it names. */
  languages?: boolean;
  onChange: (chosen: T) => void;
}

export function Choose<T extends string>({ label, bare, value, options, languages, onChange }: Wishes<T>) {
  return (
    <label>
      {bare ? <span class="hidden">{label}</span> : label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([one, words]) => (
          <option key={one} value={one} lang={languages ? one : undefined}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

type Own<T extends string> = Pick<Wishes<T>, "label" | "bare" | "onChange">;

export const ChooseLanguage = (wishes: Own<Language>) => (
  <Choose {...wishes} value={language.value} options={Object.entries(LANGUAGES) as [Language, string][]} languages />
);

export const ChooseTheme = ({
  value,
  word,
  ...wishes
}: Own<Theme> & { value: Theme; word: (theme: Theme) => string }) => (
  <Choose {...wishes} value={value} options={THEMES.map((one) => [one, word(one)] as const)} />
);
