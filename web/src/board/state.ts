/** What the board shows: what runs, what time it is at the site, and whether that can be believed. */

import { computed, signal } from "@preact/signals";
import type { Link } from "../core/device/device";
import type { RefusedFrame } from "../core/device/frames";
import type { View } from "../core/device/view";
import type { Theme } from "../core/look";
import { isHeld, Ordered, type Shown } from "./order";

export interface Setting {
  /** As the site knows it: `unit:4 West`; "" = the whole house. */
  place: string;
  theme: Theme;
}

/** Nothing fresh for so long: what is shown may be wrong. */
export const STALE_MS = 15_000;
const NIGHT = { from: 21, to: 6 };

export const setting = signal<Setting>({ place: "", theme: "auto" });
export const link = signal<Link>("connecting");
export const refused = signal<RefusedFrame | null>(null);
export const rows = signal<readonly Shown[]>([]);
export const whole = signal(false);
export const more = signal(0);
/** When the last frame came, by this browser's clock; 0 = none yet. */
export const heardAt = signal(0);
const startedAt = Date.now();
/** Moves once a second. */
export const now = signal(Date.now());
const offset = signal(0);

/** The site's time. */
export const siteNow = computed(() => now.value + offset.value);
export const stale = computed(() => now.value - (heardAt.value || startedAt) > STALE_MS);
export const drill = computed(() => rows.value.some((one) => one.row.drill));
export const held = computed(() => rows.value.filter((one) => isHeld(one.row)).length);

let ordered = new Ordered();
let shownTheme: Theme | null = null;

/** Show a view as it is after a frame. */
export function take(view: View): void {
  rows.value = ordered.take(view.rows, view.touched);
  whole.value = view.whole;
  more.value = view.more;
  heardAt.value = Date.now();
  if (view.frame) offset.value = Date.parse(view.frame.time) - heardAt.value;
  now.value = heardAt.value;
}

/** Forget what was shown. */
export function clear(): void {
  ordered = new Ordered();
  rows.value = [];
  whole.value = false;
}

export function tick(): void {
  now.value = Date.now();
  const theme = themeNow();
  if (theme === shownTheme) return;
  shownTheme = theme;
  document.documentElement.dataset.theme = theme;
}

function themeNow(): Theme {
  const chosen = setting.value.theme;
  if (chosen !== "auto") return chosen;
  const hour = new Date(now.value).getHours();
  return hour >= NIGHT.from || hour < NIGHT.to ? "night" : "auto";
}
