/** What the panes of the console share: who we are, what is chosen, what time it is, what is said at the foot. */

import { computed, signal } from "@preact/signals";
import type { Client } from "../core/client";
import type { BoardRow, Part } from "../core/device/frames";
import type { Said } from "../core/device/outbox";
import { needsMe, priorityOf, type Row } from "../core/device/rows";
import { type Language, language } from "../core/i18n/language";
import { showLook, type Theme, theme } from "../core/look";
import { Database } from "../core/store/database";
import type { Entry } from "./find/index";
import type { Found } from "./site";
import { t } from "./words";

export const database = new Database("wardwire-console");
/** null until the device is known; undefined: this browser is none yet. */
export const client = signal<Client | null | undefined>(null);
/** The person who is signed in, by their id; "" while the site has not said. */
export const operator = signal("");

/** Whether this browser's device is of somebody else than who is signed in: then nothing is sent in either's name. */
export const foreign = computed(
  () => operator.value !== "" && !!client.value && operator.value !== client.value.card.person,
);

export type Pane = "detail" | "page" | "status" | "log" | "oncall" | "desk" | "paper";
export const pane = signal<Pane>("detail");
/** What is chosen in the list of results, and what the site says of it. */
export const chosen = signal<Entry | null>(null);
export const results = signal<readonly Result[]>([]);
export interface Result {
  entry: Entry;
  /** What the site says of it now; null while it has said nothing. */
  found: Found | null;
}

/** How a list stands that the site was asked for. */
export type Face = "loading" | "fresh" | "away" | "error";

/** Counts what this console has changed at the site: what was learnt before it is asked for anew. */
export const changes = signal(0);

/** What was just done or refused, said once. */
export const notice = signal<{ text: string; bad: boolean }>({ text: "", bad: false });
export function say(text: string, bad = false): void {
  notice.value = { text, bad };
}

/** The site's time as far as this device knows it, Unix milliseconds; moves once a second. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now() - (client.value?.offset.value ?? 0);
}, 1_000);

// What goes out ---------------------------------------------------------------------------------------------------

export const rows = computed<Row[]>(() =>
  [...(client.value?.kept.rows.value.values() ?? [])].filter((row) => row.message !== null),
);
export const outbox = computed<readonly Said[]>(() => client.value?.kept.outbox.value ?? []);
/** A code call that runs, whoever has made it. */
export interface Running {
  id: string;
  name: string;
  /** Since when, Unix milliseconds of the site. */
  at: number;
  drill: boolean;
  parts: readonly Part[];
  there: number;
  needed: number;
  /** Whether it was made on a device of this operator. */
  own: boolean;
  by: string;
}

/** Alerts of the whole house as the site shows them to its desk; none where it does not. */
export const alerts = computed<ReadonlyMap<string, BoardRow>>(() => client.value?.alerts.value ?? new Map());

/** Of our own, what was added to a call stands in its thread, and is none of its own. */
const ours = computed<Row[]>(() => {
  const begun = new Map<string, Row>();
  for (const row of rows.value.toSorted((one, other) => one.at - other.at)) {
    const thread = row.message?.thread ?? row.id;
    if (row.sent && priorityOf(row) === "code" && !begun.has(thread)) begun.set(thread, row);
  }
  return [...begun.values()];
});

export const running = computed<Running[]>(() => {
  const own = ours.value.filter((row) => !row.ended).map(ownCall);
  const known = new Set(rows.value.filter((row) => row.sent).map((row) => row.id));
  const others = [...alerts.value.values()].filter(
    (row) => row.priority === "code" && (row.steps ?? 0) > 0 && !known.has(row.message),
  );
  return [...own, ...others.map(callOf)].sort((one, other) => one.at - other.at);
});

function ownCall(row: Row): Running {
  const parts = client.value?.kept.teams.value.get(row.id)?.parts ?? alerts.value.get(row.id)?.parts ?? [];
  const name = row.message?.subject || row.message?.text || "";
  const views = Object.values(row.others);
  const there = views.filter((view) => view.state === "accepted").length;
  return {
    ...count(parts, there, views.length),
    id: row.id,
    name,
    at: row.at,
    drill: name.startsWith("DRILL"),
    own: true,
    by: "",
  };
}

function callOf(row: BoardRow): Running {
  const where = row.bed || row.unit;
  const name = `${row.drill ? `${t("drill")} ` : ""}${row.subject || [row.title, where].filter(Boolean).join(" · ")}`;
  const cells = row.cells ?? [];
  const there = cells.filter((cell) => cell.letter === "A").length;
  const counted = count(row.parts ?? [], there, cells.length + (row.others ?? 0));
  return {
    ...counted,
    id: row.message,
    name,
    at: Date.parse(row.since),
    drill: !!row.drill,
    own: false,
    by: row.sender ?? "",
  };
}

function count(parts: readonly Part[], there: number, asked: number): Pick<Running, "parts" | "there" | "needed"> {
  if (parts.length === 0) return { parts, there, needed: asked };
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return { parts, there: sum((part) => Math.min(part.there, part.needed)), needed: sum((part) => part.needed) };
}

/** What asks this operator for something. */
export const asking = computed(() => rows.value.filter((row) => !row.sent && (needsMe(row) || row.rings)));

// What the operator prefers -----------------------------------------------------------------------------------------

interface Preferences {
  language?: Language;
  theme: Theme;
}

export async function loadPreferences(): Promise<void> {
  const kept = await database.get<Preferences>("state", "preferences").catch(() => undefined);
  if (kept?.language) language.value = kept.language;
  if (kept) theme.value = kept.theme;
}

export function prefer(change: Partial<Preferences>): void {
  if (change.language) language.value = change.language;
  if (change.theme) theme.value = change.theme;
  const kept: Preferences = { language: language.value, theme: theme.value };
  void database.put("state", "preferences", kept).catch(() => undefined);
}

showLook();
