/** How words are compared when people type: as `wardwire.model.words` does; who changes one looks into the other. */

const LETTERS: Record<string, string> = {
  ß: "ss",
  ø: "o",
  æ: "ae",
  œ: "oe",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};
const SOUNDS: readonly [RegExp, string][] = [
  [/ch(?=[rl])/g, "k"],
  [/tsch|sch|tch|dzh|cz|cs|ch|sh|sz|zh/g, "s"],
  [/ph|pf|v(?=[^aeiouyw]|$)/g, "f"],
  [/th|dt/g, "t"],
  [/ck|kh|q|c(?=[^eiy]|$)|x/g, "k"],
  [/h/g, ""],
  [/ts|ds|c|z/g, "s"],
  [/[aeiouyj]+/g, "a"],
  [/d/g, "t"],
  [/v/g, "w"],
  [/b/g, "p"],
  [/g/g, "k"],
  [/m/g, "n"],
  [/(.)\1+/g, "$1"],
];
const PARTS = /[\p{L}\p{N}]+/gu;
const PLAIN = /^[ -~]*$/;

/** A text without capitals and accents. */
export function fold(text: string): string {
  const low = text.toLowerCase();
  if (PLAIN.test(low)) return low;
  return low
    .replace(/[ßøæœłđðþı]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "");
}

/** The words of a text, folded; O'Brien and Smith-Jones are one each. */
export function joinedWords(text: string): string[] {
  return fold(text)
    .split(/\s+/)
    .map((part) => (part.match(PARTS) ?? []).join(""))
    .filter(Boolean);
}

/** The words of a text, folded; O'Brien and Smith-Jones give their parts and the whole. */
export function wordsOf(text: string): string[] {
  return [...new Set([...(fold(text).match(PARTS) ?? []), ...joinedWords(text)])];
}

export const digitsOf = (text: string): string => text.replace(/[^0-9]/g, "");

/** How a folded word sounds, roughly and in no one language; "" for what is too short to be told by it. */
export function soundOf(word: string): string {
  if (!/^\p{L}+$/u.test(word)) return "";
  let sound = word;
  for (const [pattern, letter] of SOUNDS) sound = sound.replace(pattern, letter);
  return sound.length > 1 ? sound : "";
}

/** The words of what was typed, six at most; of a number alone its digits. */
export function readQuery(query: string): string[] {
  const text = query.slice(0, 100);
  const number = digitsOf(text);
  if (number && !/\p{L}/u.test(text)) return [number];
  return [...new Set(joinedWords(text))].slice(0, 6);
}
