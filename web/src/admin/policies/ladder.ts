/** A policy as steps of a ladder: what each says, in a sentence; and how two ladders differ, rung by rung. Pure. */

import type { Answer } from "../../core/rest";
import { span } from "../words";
import { count, t } from "./words";

export type PolicyText = Answer<"GET /v1/policies/{policy_id}">;
export type Step = PolicyText["steps"][number];

/** A target in words: whom it means, as people say it. */
export function sayTarget(target: string): string {
  if (target === "desk") return t("target.desk");
  const [kind = "", ...rest] = target.split(":");
  const name = rest.join(":");
  if (kind === "bed") return t(`target.${name as "primary"}`);
  if (kind === "unit") return t("target.unit", { name });
  if (kind === "next") return t("target.next", { name });
  if (kind === "role" || kind === "group" || kind === "person") return t(`target.${kind}`, { name });
  return target;
}

/** A step as a sentence. */
export function sayStep(step: Step): string {
  const who = step.targets.length
    ? new Intl.ListFormat(undefined).format(step.targets.map(sayTarget))
    : t("step.nobody");
  const ways = step.endpoints?.length
    ? t("step.by", { ways: step.endpoints.map((one) => t(`way.${one as "app"}`)).join(", ") })
    : "";
  const ends = sayEnds(step);
  const again = step.repeat ? count("step.again", step.repeat) : "";
  return [t("step.asks", { who }) + ways, t("step.waits", { span: span(step.wait_s * 1_000) }) + ends, again]
    .filter(Boolean)
    .join("; ");
}

function sayEnds(step: Step): string {
  if (step.ends === "quorum") {
    const parts = (step.quorum ?? []).map((part) =>
      t(part.backup ? "quorum.backup" : "quorum.part", {
        n: part.n ?? 1,
        who: sayTarget(part.role),
        span: span((part.within_s ?? 30) * 1_000),
        backup: sayTarget(part.backup ?? ""),
      }),
    );
    return t("step.ends.quorum", { parts: parts.join("; ") });
  }
  const answer = t(`answer.${step.answer ?? "accepted"}`);
  return t(step.ends === "all" ? "step.ends.all" : "step.ends.first", { answer });
}

export interface Rung {
  how: "same" | "changed" | "added" | "removed";
  /** Which step it was, and is, counted from 1. */
  was?: number;
  is?: number;
  before?: Step;
  after?: Step;
}

const key = (step: Step): string => step.targets.join("\n");
const same = (one: Step, other: Step): boolean => sayStep(one) === sayStep(other);

/** Two ladders side by side. Steps that ask the same people are the same step, whatever else of them has changed. */
export function diffSteps(before: readonly Step[], after: readonly Step[]): Rung[] {
  const long = table(before, after);
  const rungs: Rung[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old && now && key(old) === key(now)) {
      rungs.push({ how: same(old, now) ? "same" : "changed", was: ++i, is: ++j, before: old, after: now });
    } else if (old && (!now || (long[i + 1]?.[j] ?? 0) >= (long[i]?.[j + 1] ?? 0))) {
      rungs.push({ how: "removed", was: ++i, before: old });
    } else if (now) {
      rungs.push({ how: "added", is: ++j, after: now });
    }
  }
  return rungs;
}

/** For each pair of ends: how many steps in common follow. */
function table(before: readonly Step[], after: readonly Step[]): number[][] {
  const long = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const [old, now] = [before[i], after[j]];
      const row = long[i];
      if (!old || !now || !row) continue;
      row[j] =
        key(old) === key(now)
          ? (long[i + 1]?.[j + 1] ?? 0) + 1
          : Math.max(long[i + 1]?.[j] ?? 0, long[i]?.[j + 1] ?? 0);
    }
  return long;
}

export interface Other {
  what: "loops" | "still_active" | "ask_wait" | "name";
  before: string;
  after: string;
}

/** What differs beside the steps. */
export function diffRest(before: PolicyText, after: PolicyText): Other[] {
  const lines: Other[] = [
    { what: "name", before: before.name, after: after.name },
    { what: "loops", before: String(before.loops), after: String(after.loops) },
    { what: "still_active", before: sayMaybe(before.still_active_s), after: sayMaybe(after.still_active_s) },
    { what: "ask_wait", before: sayMaybe(before.ask_wait_s), after: sayMaybe(after.ask_wait_s) },
  ];
  return lines.filter((one) => one.before !== one.after);
}

const sayMaybe = (seconds: number | null): string => (seconds === null ? t("never") : span(seconds * 1_000));
