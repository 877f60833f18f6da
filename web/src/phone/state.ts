/** What the screens of this app share: the client, where they are, what time it is, and what the person prefers. */

import { computed, signal } from "@preact/signals";
import type { Client } from "../core/client";
import type { Priority } from "../core/device/frames";
import { compareRows, needsMe, type Row } from "../core/device/rows";
import { type Language, language } from "../core/i18n";
import { showLook, type Theme, theme } from "../core/look";
import { Database } from "../core/store/database";

export const database = new Database();
/** null until the device is known; undefined: this browser is none yet. */
export const client = signal<Client | null | undefined>(null);

// Where ---------------------------------------------------------------------------------------------------------

export type Place = { view: string; id: string };

export const place = signal<Place>(read());

function read(): Place {
  const [view = "", id = ""] = location.hash.replace(/^#\/?/, "").split("/");
  return { view: view || "inbox", id: decodeURIComponent(id) };
}

// Somebody has tapped a notification.
navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ open?: string }>) => {
  if (event.data?.open) go("message", event.data.open);
});
addEventListener("hashchange", () => {
  place.value = read();
});

export function go(view: string, id = ""): void {
  location.hash = `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

/** Whether the site may wake this browser when it is closed: `kept` = it knows how, `cannot`; "" = not known yet. */
export const closed = signal<"" | "kept" | "cannot">("");

// Time ----------------------------------------------------------------------------------------------------------

/** The site's time as far as this device knows it, Unix milliseconds; moves once a second. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now() - (client.value?.offset.value ?? 0);
}, 1_000);

// What there is to see --------------------------------------------------------------------------------------------

export const rows = computed<Row[]>(() =>
  [...(client.value?.kept.rows.value.values() ?? [])].filter((row) => row.message !== null).sort(compareRows),
);
export const needing = computed(() => rows.value.filter(needsMe));
/** Messages that this device makes itself heard for. */
export const ringing = computed(() => rows.value.filter((row) => row.rings && !row.sent && !row.ended));

// What the person prefers ---------------------------------------------------------------------------------------

export interface Preferences {
  language?: Language;
  theme: Theme;
  /** Tones that the person has chosen on this device. */
  tones?: Tones;
}
export type Tones = Partial<Record<Priority, string>>;

export const tones = signal<Tones>({});

export async function loadPreferences(): Promise<void> {
  const kept = await database.get<Preferences>("state", "preferences").catch(() => undefined);
  if (kept?.language) language.value = kept.language;
  if (kept) theme.value = kept.theme;
  tones.value = kept?.tones ?? {};
}

export function prefer(change: Partial<Preferences>): void {
  if (change.language) language.value = change.language;
  if (change.theme) theme.value = change.theme;
  if (change.tones) tones.value = change.tones;
  const kept: Preferences = { language: language.value, theme: theme.value, tones: tones.value };
  void database.put("state", "preferences", kept).catch(() => undefined);
}

showLook();
