/** Makes the console heard: what rings at this device, technical alarms that nobody has, a desk that is handed over. */

import { computed, effect } from "@preact/signals";
import { priorityOf } from "../core/device/rows";
import { listen, type Rings, repeatOf, toneOf } from "../core/tones";
import { isAlarm, trouble, untaken } from "./alarms";
import { offered } from "./desk";
import { asking, client } from "./state";
import { t } from "./words";

const ringing = computed<Rings[]>(() => [
  ...asking.value
    .filter((row) => row.rings && (trouble.value !== "" || !isAlarm(row)))
    .map((row) => ({ id: row.id, priority: priorityOf(row) })),
  ...(trouble.value === "" ? untaken.value : []).map((alarm) => ({ id: alarm.id, priority: "high" as const })),
  ...offered.value.map((one) => ({ id: one.id, priority: "medium" as const })),
]);

const settings = (): Record<string, unknown> | undefined => client.peek()?.kept.settings.peek().values;

export function begin(): void {
  listen(
    () => (client.value?.leads.value ? ringing.value : []),
    (priority) => toneOf(priority, settings()),
    (priority) => repeatOf(priority, settings()),
  );
  effect(() => {
    const n = ringing.value.length;
    document.title = n > 0 ? `(${n}) ${t("title")}` : t("title");
  });
}
