/** A page that is being written: to whom, what, and who would get it. It is kept until it is handed in. */

import { effect, signal } from "@preact/signals";
import type { Priority } from "../core/device/frames";
import type { Entry } from "./find/index";
import { showAndFocus } from "./show";
import { type DryRun, isAway, tryMessage, whyNot } from "./site";
import { client, foreign, pane, say } from "./state";
import { t } from "./words";

export const draft = {
  to: signal<readonly Entry[]>([]),
  priority: signal<Exclude<Priority, "code">>("high"),
  text: signal(""),
  callback: signal(""),
  accept: signal(true),
};
/** Who would get it, as the site says; null while it is asked; why not, where it refuses or is away. */
export const promised = signal<DryRun | { away: boolean; why: string } | null>(null);

const PAUSE_MS = 200;
let timer: ReturnType<typeof setTimeout> | undefined;
let latest = 0;

effect(() => {
  const [to, priority] = [draft.to.value, draft.priority.value];
  const mine = ++latest;
  clearTimeout(timer);
  promised.value = null;
  if (to.length === 0) return;
  timer = setTimeout(async () => {
    const asked = { to: to.map((one) => one.id), priority, text: "?", responses: { accept_decline: true } };
    const answer = await tryMessage(asked).catch((error: unknown) => ({ away: isAway(error), why: whyNot(error) }));
    if (latest === mine) promised.value = answer;
  }, PAUSE_MS);
});

/** Begin a page, or add somebody to the one that was begun. */
export function pageTo(entry: Entry, text = ""): void {
  const open = pane.peek() === "page" || draft.text.peek().trim() !== "";
  const others = open ? draft.to.peek().filter((one) => one.id !== entry.id) : [];
  showAndFocus(() => {
    draft.to.value = [...others, entry];
    if (text) draft.text.value = text;
    pane.value = "page";
  }, "page-text");
}

export const whoGets = (): string => draft.to.value.map((one) => one.name).join(", ");

/** Hand it in: on return it is on the disk, and is sent once, now or when the site is back. */
export async function send(): Promise<boolean> {
  const to = draft.to.peek();
  const text = draft.text.peek().trim();
  if (foreign.peek()) say(t("other", { device: client.peek()?.card.name ?? "" }), true);
  else if (to.length === 0) say(t("page.to.missing"), true);
  else if (!text) say(t("page.text.missing"), true);
  else {
    const who = whoGets();
    const callback = draft.callback.peek().trim();
    const frame = {
      to: to.map((one) => one.id),
      priority: draft.priority.peek(),
      text,
      ...(callback ? { callback } : {}),
      ...(draft.accept.peek() ? { responses: { accept_decline: true } } : {}),
    };
    try {
      await client.peek()?.say("send", frame, who);
    } catch {
      say(t("error.storage"), true);
      return false;
    }
    draft.to.value = [];
    draft.text.value = "";
    say(t("page.sent", { who }));
    return true;
  }
  return false;
}
