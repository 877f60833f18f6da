/** What a component draws of signals that change more often than what it draws: once a second, with each answer of any row. */

import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";

/** What `make` makes of signals and of `inputs`, made anew when one of them changes; drawn anew only when it differs. */
export function useDerived<T>(make: () => T, inputs: readonly unknown[]): T {
  return useMemo(() => computed(make), inputs).value;
}
