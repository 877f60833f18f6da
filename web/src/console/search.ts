/** The one field: what is typed is found in the console's own copy at once, and put right by the site. */

import { computed, effect, signal } from "@preact/signals";
import { ask, each } from "../core/rest";
import { type Command, readCommand } from "./commands";
import { called, copied, find, refresh } from "./find/finder";
import type { Entry } from "./find/index";
import type { Found, RoleOut } from "./site";
import { chosen, client, type Result, results } from "./state";

const PAUSE_MS = 120;
const MOST = 20;
const AGAIN_MS = 300_000;

export const typed = signal("");
export const command = computed<Command>(() => readCommand(typed.value));
/** Whether the site has put the list right; false while it has not, null when it did not answer. */
export const confirmed = signal<boolean | null>(false);
/** Who holds which role, as the site last said. */
export const roles = signal<readonly RoleOut[]>([]);

const query = computed(() => {
  const it = command.value;
  return "query" in it && it.do !== "trace" ? it.query : "";
});
const kind = computed(() => (command.value.do === "find" ? command.value.kind : ""));
let latest = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  const [wanted, only] = [query.value, kind.value];
  const mine = ++latest;
  clearTimeout(timer);
  confirmed.value = false;
  if (!wanted) {
    results.value = [];
    return;
  }
  void find(wanted, MOST, only).then((entries) => {
    if (latest === mine && confirmed.peek() !== true) show(entries.map((entry) => ({ entry, found: null })));
  });
  timer = setTimeout(() => void confirm(wanted, only, mine), PAUSE_MS);
});

/** Ask the site, and take its order: what is chosen stays chosen, wherever it stands then. */
async function confirm(wanted: string, only: string, mine: number): Promise<void> {
  const asked = { q: wanted, limit: MOST, ...(only ? { kind: only } : {}) };
  const answer = await ask("GET /v1/search", { query: asked }).catch(() => null);
  if (latest !== mine) return;
  confirmed.value = answer !== null ? true : null;
  if (answer) show(answer.data.map((found) => ({ entry: entryOf(found), found })));
}

/** Find for another field: in the copy at once, then at the site. `still` says whether the answer is still wanted. */
export function lookUp(query: string, limit: number, still: () => boolean, told: (entries: Entry[]) => void): void {
  let settled = false;
  void find(query, limit).then((found) => {
    if (still() && !settled) told(found);
  });
  setTimeout(async () => {
    if (!still()) return;
    const answer = await ask("GET /v1/search", { query: { q: query, limit } }).catch(() => null);
    if (!answer || !still()) return;
    settled = true;
    told(answer.data.map(entryOf));
  }, PAUSE_MS);
}

/** A found thing as an entry; numbers and other names only the copy has. */
export function entryOf(found: Found): Entry {
  const known = results.peek().find((one) => one.entry.id === found.id)?.entry;
  const { id, name, title, where } = found;
  return { ...known, kind: found.kind as Entry["kind"], id, name, title: title ?? "", where: where ?? "" };
}

function show(list: Result[]): void {
  const before = chosen.peek()?.id;
  results.value = list;
  const still = before ? list.find((one) => one.entry.id === before) : undefined;
  chosen.value = (still ?? list[0])?.entry ?? null;
}

/** Move the choice; the list does not turn over at its ends. */
export function move(by: number): void {
  const list = results.peek();
  const at = list.findIndex((one) => one.entry.id === chosen.peek()?.id);
  const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
  if (next) chosen.value = next.entry;
}

// Keeping the copy new -------------------------------------------------------------------------------------------

let refreshed = 0;

/** Take in what has changed, at most every few minutes. */
export function keepNew(least = AGAIN_MS): void {
  if (Date.now() - refreshed < least) return;
  refreshed = Date.now();
  refresh();
  void loadRoles();
}

export async function loadRoles(): Promise<void> {
  const found: RoleOut[] = [];
  try {
    for await (const role of each("GET /v1/roles", { query: {} })) if (!role.disabled) found.push(role);
  } catch {
    return; // the ones we have stay
  }
  roles.value = found;
  called(roles.value.flatMap((role) => (role.holder ? [role.holder] : [])));
}

export function begin(): void {
  keepNew(0);
  setInterval(() => keepNew(), AGAIN_MS);
  addEventListener("focus", () => keepNew(60_000));
  effect(() => {
    if (client.value?.link.value.link === "live") keepNew(10_000);
  });
}

export { copied };
