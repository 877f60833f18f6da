/** Makes the device heard for what rings at it, by the tones of its person and the settings of its site. */

import type { Priority } from "../core/device/frames";
import { priorityOf } from "../core/device/rows";
import * as core from "../core/tones";
import { client, ringing, tones } from "./state";

export { play, sound, type Tone, unlock } from "../core/tones";

/**
 * What a person may choose for a priority. Silent is none of them: of quiet hours the site must know, or it waits for
 * somebody who hears nothing.
 */
export function offered(priority: Priority): core.Tone[] {
  const loud: core.Tone[] = ["alarm", "urgent"];
  return priority === "code" || priority === "high" ? loud : [...loud, "chime", "soft"];
}

/** Which tone a priority has on this device: what the site has locked, else the person's choice, else the site's. */
export function toneOf(priority: Priority): core.Tone {
  const settings = client.value?.kept.settings.value;
  const chosen = tones.value[priority] as core.Tone | undefined;
  if (chosen && offered(priority).includes(chosen) && !settings?.locked?.includes(`tone.${priority}`)) return chosen;
  return core.toneOf(priority, settings?.values);
}

/** How many seconds later a priority rings again; 0 = it does not. */
export function repeatOf(priority: Priority): number {
  return core.repeatOf(priority, client.value?.kept.settings.value.values);
}

/** Ring in the tab that is the device, and shake where the device can. */
export function listen(): void {
  core.listen(
    () => (client.value?.leads.value ? ringing.value.map((row) => ({ id: row.id, priority: priorityOf(row) })) : []),
    toneOf,
    repeatOf,
    (priority) => {
      if (priority !== "low")
        navigator.vibrate?.(priority === "medium" ? [200, 200, 200] : [400, 150, 400, 150, 400]);
    },
  );
}
