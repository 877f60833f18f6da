/** Pages that were made by hand while the site was away: entered afterwards, one after the other. They ring nobody. */

import { signal } from "@preact/signals";
import { newId } from "../core/bytes";
import type { Priority } from "../core/device/frames";
import { ask } from "../core/rest";
import { lastTime } from "./commands";
import type { Entry } from "./find/index";
import { showAndFocus } from "./show";
import { isAway, whyNot } from "./site";
import { chosen, now, pane, say } from "./state";
import { t } from "./words";

export const OUTCOMES = ["accepted", "declined", "told", "not_reached"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const paper = {
  who: signal<Entry | null>(null),
  called: signal(""),
  priority: signal<Priority>("high"),
  text: signal(""),
  outcome: signal<Outcome>("accepted"),
  /** When it came of it; "" = at once. */
  at: signal(""),
};
/** The same for each repeat of one content: a hand that hits twice enters nothing twice. */
let identity = { of: "", key: "" };

/** Enter a page to whom is chosen. */
export function openPaper(): void {
  const entry = chosen.peek();
  showAndFocus(
    () => {
      if (entry?.kind === "person") paper.who.value = entry;
      pane.value = "paper";
    },
    entry?.kind === "person" ? "paper-called" : "omnibox",
  );
}

/** Enter it; the next one begins with the same times, for they stand on one sheet. */
export async function enter(): Promise<void> {
  const { who, called, priority, text, outcome, at } = paper;
  const to = who.peek();
  if (!to) return say(t("paper.who.missing"), true);
  if (!text.peek().trim()) return say(t("page.text.missing"), true);
  const time = now.peek();
  const calledAt = lastTime(called.peek(), time);
  const outcomeAt = at.peek().trim() ? lastTime(at.peek(), time) : calledAt;
  if (!calledAt || !outcomeAt) return say(t("set.time"), true);
  const body = {
    to: to.id,
    priority: priority.peek(),
    text: text.peek().trim(),
    called_at: calledAt.toISOString(),
    outcome: outcome.peek(),
    outcome_at: outcomeAt.toISOString(),
  };
  const of = JSON.stringify(body);
  if (identity.of !== of) identity = { of, key: newId() };
  try {
    await ask("POST /v1/paper-pages", { body, key: identity.key });
  } catch (error) {
    return say(isAway(error) ? t("paper.away") : whyNot(error), true);
  }
  say(t("paper.done", { who: to.name, time: called.peek() }));
  showAndFocus(() => {
    who.value = null;
    text.value = "";
    chosen.value = null;
  }, "omnibox");
}
