/** Who is on call now and next, kept here so that it opens while the site is away. */

import { computed, effect, signal } from "@preact/signals";
import type { RoleLine } from "../core/generated/api";
import { ask } from "../core/rest";
import { showAndFocus } from "./show";
import { isAway, whyNot } from "./site";
import { chosen, client, database, now, pane } from "./state";

const AGAIN_MS = 300_000;
const DAYS = 3;
const ROLES = 20;

/** Somebody has it from then to then, Unix milliseconds; "" = nobody. */
interface Turn {
  who: string;
  from: number;
  to: number;
}
interface Kept {
  id: string;
  name: string;
  units: readonly string[];
  /** Who answers while nobody has it; "" = the desk. */
  standsIn: string;
  turns: readonly Turn[];
}
/** A role now: who has it, until when (0 = not within the days that are known), who has it then. */
export interface OnCall extends Omit<Kept, "turns"> {
  who: string;
  until: number;
  next: string;
  nextUntil: number;
}

/** `at`: when the site said so, Unix milliseconds; 0 = there is none. */
export const kept = signal<{ at: number; roles: readonly Kept[] }>({ at: 0, roles: [] });
export const filter = signal("");
/** Why there is nothing newer; "" = there is no reason. */
export const trouble = signal("");
export const away = signal(false);

const minute = computed(() => Math.floor(now.value / 60_000) * 60_000);
export const sheet = computed<OnCall[]>(() => {
  const at = minute.value;
  return kept.value.roles.map(({ turns, ...role }) => {
    const nth = turns.findIndex((turn) => turn.from <= at && at < turn.to);
    const [turn, next] = [turns[nth], turns[nth + 1]];
    return {
      ...role,
      who: turn?.who ?? "",
      until: next && turn ? turn.to : 0,
      next: next?.who ?? "",
      nextUntil: nth >= 0 && turns[nth + 2] ? (next?.to ?? 0) : 0,
    };
  });
});
export const shown = computed(() => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  return sheet.value.filter((role) => {
    const text = [role.name, role.who, role.next, ...role.units].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
});

const turnsOf = (role: RoleLine): Turn[] => {
  const turns: Turn[] = [];
  for (const one of role.final) {
    const turn = { who: one.person ? one.name : "", from: Date.parse(one.starts_at), to: Date.parse(one.ends_at) };
    const last = turns.at(-1);
    if (last && last.who === turn.who && last.to === turn.from) last.to = turn.to;
    else turns.push(turn);
  }
  return turns;
};

let asking = false;

export async function load(): Promise<void> {
  if (asking) return;
  asking = true;
  const roles: Kept[] = [];
  const at = now.peek();
  try {
    for (let after: string | null | undefined; after !== null; ) {
      const page = await ask("GET /v1/on-call", { query: { days: DAYS, limit: ROLES, ...(after ? { after } : {}) } });
      for (const role of page.data)
        roles.push({
          id: role.role,
          name: role.name,
          units: role.units ?? [],
          standsIn: role.stands_in ?? "",
          turns: turnsOf(role),
        });
      after = page.next;
    }
    roles.sort((one, other) => one.name.localeCompare(other.name));
    kept.value = { at, roles };
    trouble.value = "";
    away.value = false;
    await database.put("state", "oncall", kept.peek()).catch(() => undefined);
  } catch (error) {
    away.value = isAway(error);
    trouble.value = whyNot(error);
  } finally {
    asking = false;
  }
}

/** Show the sheet; of the role that is chosen, or the whole. */
export function openSheet(of = ""): void {
  const role = chosen.peek()?.kind === "role" ? chosen.peek()?.name : "";
  showAndFocus(() => {
    filter.value = of || role || "";
    pane.value = "oncall";
  }, "oncall-filter");
  void load();
}

/** Have it at hand before it is needed, and as it is now whenever the site is back. */
export async function begin(): Promise<void> {
  kept.value = (await database.get<typeof kept.value>("state", "oncall").catch(() => undefined)) ?? kept.value;
  effect(() => {
    const link = client.value?.link.value.link;
    if (link === "live") void load();
    else if (link === "away" || link === "refused") away.value = true;
  });
  setInterval(() => void load(), AGAIN_MS);
}
