/** Speed dial: nine entries that this console keeps. */

import { signal } from "@preact/signals";
import type { Entry } from "./find/index";
import { chosen, database, pane, say } from "./state";
import { t } from "./words";

export const dial = signal<Record<string, Entry>>({});

export async function loadDial(): Promise<void> {
  dial.value = (await database.get<Record<string, Entry>>("state", "dial").catch(() => undefined)) ?? {};
}

export function keepDial(n: number): void {
  const entry = chosen.peek();
  if (!entry) return;
  dial.value = { ...dial.peek(), [n]: entry };
  void database.put("state", "dial", dial.peek()).catch(() => say(t("error.storage"), true));
  say(t("dial.kept", { n, name: entry.name }));
}

export function useDial(n: number): void {
  const entry = dial.peek()[n];
  if (!entry) {
    say(t("dial.empty", { n }), true);
    return;
  }
  chosen.value = entry;
  pane.value = "detail";
}
