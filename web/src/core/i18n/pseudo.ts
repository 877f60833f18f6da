/**
 * Words as no language has them: a third longer, and without a letter of the alphabet.
 *
 * A page that is asked for with `?pseudo` shows them instead of its own. What is cut there is too narrow for some
 * language, and a plain letter there is a word that no catalogue has. tests/web/pseudo.py walks the screens.
 */

const LETTERS: Record<string, string> = Object.fromEntries(
  [..."aáeéiíoóuúyýcçnñsšzžlłdđgğhħrřtťkķwŵjĵbƀpƥfƒmɱvṽxẋqɋ".matchAll(/(.)(.)/gu)].flatMap(
    ([, plain = "", other = ""]) => [
      [plain, other],
      [plain.toUpperCase(), other.toUpperCase() === other ? other : other.toUpperCase()],
    ],
  ),
);

export const isPseudo = typeof location !== "undefined" && new URLSearchParams(location.search).has("pseudo");

/** What stands in braces stays: values are put there. */
export function pseudo(text: string): string {
  return text.replace(/\S+/g, (word) => {
    if (word.includes("{")) return word.replace(/\{\w+\}|[A-Za-z]/g, (one) => LETTERS[one] ?? one);
    return word.replace(/[A-Za-z]/g, (one) => LETTERS[one] ?? one) + "ǃ".repeat(Math.ceil(word.length / 3));
  });
}
