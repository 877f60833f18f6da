/** The console's words in the operator's language. */

import { words } from "../../core/i18n/language";
import { de } from "./de";
import { en, type Key } from "./en";

export type { Key };
export const { t, isKey } = words<Key>({ en, de });

/** A word of the protocol, in our words; as it stands where we have none. */
export function word(
  group: "status" | "state" | "end" | "kind" | "way" | "next" | "said" | "thing",
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
export const promiseOf = ({ who, how }: { who: string; how: string }): string =>
  who.endsWith(how) ? who : `${who}, ${word("way", how)}`;
