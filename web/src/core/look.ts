/** How an app looks, as its person has chosen; with the language on the page itself. */

import { effect, signal } from "@preact/signals";
import { language } from "./i18n/language";

export const THEMES = ["auto", "light", "dark", "night"] as const;
export type Theme = (typeof THEMES)[number];
export const theme = signal<Theme>("auto");

/** Show it in this language and theme from now on. */
export function showLook(): void {
  effect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dataset.theme = theme.value;
  });
}
