/** Since when nobody answers; kept, so that a reload does not begin to count anew. Afterwards: was anybody called by hand? */

import { effect, signal } from "@preact/signals";
import { client, database, now } from "./state";

/** Unix milliseconds of the site; 0 = somebody answers, or it is not known yet. */
export const awaySince = signal(0);
/** From when to when nobody answered; null = it was short, or somebody has seen to it. */
export const outage = signal<{ from: number; to: number } | null>(null);

const LONG_MS = 60_000;

export async function begin(): Promise<void> {
  awaySince.value = (await database.get<number>("state", "away").catch(() => undefined)) ?? 0;
  effect(() => {
    const { link, since } = client.value?.link.value ?? { link: "connecting", since: 0 };
    const from = awaySince.peek();
    if (link === "live" && from > 0) {
      const to = now.peek();
      if (to - from > LONG_MS) outage.value = { from, to };
      keep(0);
    } else if ((link === "away" || link === "refused") && from === 0) keep(since);
  });
}

function keep(since: number): void {
  awaySince.value = since;
  void database.put("state", "away", since).catch(() => undefined);
}
