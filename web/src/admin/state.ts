/** What all sections share: where one is, who is signed in, what they prefer, and whether something is not saved. */

import { effect, signal } from "@preact/signals";
import { LANGUAGES, type Language, language } from "../core/i18n/language";
import { showLook, THEMES, type Theme, theme } from "../core/look";
import { type Answer, ask, Refused, signedOut } from "../core/rest";

// Where ---------------------------------------------------------------------------------------------------------

/** `#/messages/msg_…?unit=plc_…`: the section, what in it, and how that is shown. */
export interface Place {
  section: string;
  rest: string[];
  query: URLSearchParams;
}

export const place = signal<Place>(read());
/** Where somebody wanted to go while something is not saved; null = nowhere. */
export const leaving = signal<string | null>(null);
const unsaved = new Set<symbol>();
let here = location.hash;

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [section = "", ...rest] = path.split("/").map(decodeURIComponent);
  return { section, rest, query: new URLSearchParams(query) };
}

addEventListener("hashchange", () => {
  if (unsaved.size && location.hash !== here) {
    leaving.value = location.hash;
    history.replaceState(null, "", here || "#/");
    return;
  }
  here = location.hash;
  place.value = read();
});
addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

/** Say that a form has, or no longer has, something that is not saved. */
export function keepUnsaved(form: symbol, dirty: boolean): void {
  if (dirty) unsaved.add(form);
  else unsaved.delete(form);
}

/** Go where somebody wanted to go, and lose what is not saved. */
export function leave(): void {
  const to = leaving.value;
  unsaved.clear();
  leaving.value = null;
  if (to !== null) location.hash = to;
}

export function address(section: string, ...rest: string[]): string {
  return `#/${[section, ...rest].map(encodeURIComponent).join("/")}`;
}

export function go(section: string, ...rest: string[]): void {
  location.hash = address(section, ...rest);
}

/** Change how the same thing is shown; the address says it, so that it can be handed on. */
export function show(changes: Record<string, string>): void {
  const query = new URLSearchParams(place.peek().query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const path = address(place.peek().section, ...place.peek().rest);
  history.replaceState(null, "", query.size ? `${path}?${query}` : path);
  here = location.hash;
  place.value = read();
}

// Who -----------------------------------------------------------------------------------------------------------

export type Who = Answer<"GET /v1/account">;
/** null until it is known. */
export const who = signal<Who | null>(null);
/** Why it is not known: the server's word, or that there was none. */
export const unknown = signal<unknown>(null);

export async function findWho(): Promise<void> {
  try {
    who.value = await ask("GET /v1/account");
    unknown.value = null;
    signedOut.value = false;
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && who.peek() === null) signIn();
    else unknown.value = error;
  }
}

/** How far somebody reaches with an action; "" = they may not. */
export function may(action: string): string {
  return who.value?.may[action] ?? "";
}

/** Go to the sign-in page, and come back here. */
export function signIn(): void {
  unsaved.clear();
  location.assign(signInAddress());
}

export function signInAddress(): string {
  return `/login?${new URLSearchParams({ next: `/admin${location.hash}`, lang: language.peek() })}`;
}

export async function signOut(): Promise<void> {
  await ask("DELETE /v1/sessions/{session_id}", { path: { session_id: "current" } });
  unsaved.clear();
  location.assign(`/login?lang=${language.peek()}`);
}

// What somebody prefers -----------------------------------------------------------------------------------------

const KEPT = "wardwire-admin";

try {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as { language?: Language; theme?: Theme };
  if (kept.language && kept.language in LANGUAGES) language.value = kept.language;
  if (kept.theme && THEMES.includes(kept.theme)) theme.value = kept.theme;
} catch {
  // A browser that keeps nothing shows what it would show a stranger.
}

showLook();
effect(() => {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ language: language.value, theme: theme.value }));
  } catch {
    // As above.
  }
});
