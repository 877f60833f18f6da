/** The console's words in the operator's language. */

import { words } from "../../core/i18n/language";
import { de } from "./de";
import { en, type Key } from "./en";

export type { Key };
export const { t, isKey } = words<Key>({ en, de });

/** A word of the protocol, in our words; as it stands where we have none. */
export function word(
  group: "status" | "outcome" | "state" | "end" | "kind" | "way" | "next" | "said" | "thing" | "over",
  name: string,
): string {
  const key = `${group}.${name}`;
  return isKey(key) ? t(key) : name.replaceAll("_", " ");
}

/** How somebody is tried, `app:10 email:60`, as people say it: each way, with how long it is waited for. */
export function tries(written: string): string {
  return written
    .split(/\s+/)
    .map((stage) => {
      const [ways = "", wait] = stage.split(":");
      const named = ways.split("+").map((way) => word("way", way));
      return `${named.join(" + ")}${wait && /^\d+$/.test(wait) ? ` (${wait} s)` : ""}`;
    })
    .join(" → ");
}

/** Who is called then, and by what; said once where both are the same. */
export function promiseOf({ who, how }: { who: string; how: string }): string {
  if (["desk", "sender", "part missing"].includes(how)) return word("next", how);
  const step = /^step (\d+)/.exec(how)?.[1];
  const many = /^(\d+) people$/.exec(who)?.[1];
  const way = isKey(`next.${how}`) ? word("next", how) : how.split("+").map((one) => word("way", one));
  return [many ? t("next.people", { n: many }) : who, step ? t("next.step", { n: step }) : way].flat().join(", ");
}

/** Why somebody is among those who get it; "" where that needs no word. `role:rol_…`, as the site writes it. */
export function whyOf(why: string, roles: readonly { id: string; name: string }[]): string {
  const [how = "", of = ""] = why.split(/:(.*)/s);
  const key = `why.${how}`;
  if (!isKey(key)) return "";
  return t(key, { name: roles.find((role) => role.id === of)?.name ?? "" }).trim();
}
