/** A list of the server that comes in pages: the first when the view comes, the next by a button. */

import { useSignal } from "@preact/signals";
import { type Load, useLoad } from "./load";

interface Page<Row> {
  data: Row[];
  next: string | null;
}

export interface More<Row> extends Load<Row[]> {
  /** Ask for the next page; null = this is all. */
  more: (() => void) | null;
}

export function useMore<Row>(
  ask: (after: { after?: string }, signal: AbortSignal) => Promise<Page<Row>>,
  about: readonly unknown[] = [],
): More<Row> {
  const next = useSignal<string | null>(null);
  const load = useLoad<Row[]>(async (signal) => {
    const page = await ask({}, signal);
    next.value = page.next;
    return page.data;
  }, about);
  const more = (): void => {
    const after = next.peek();
    const before = load.now.peek();
    if (after === null || before.busy) return;
    load.now.value = { ...before, busy: true };
    ask({ after }, new AbortController().signal).then(
      (page) => {
        if (load.now.peek().value !== before.value) return; // it was asked anew meanwhile
        next.value = page.next;
        load.now.value = { ...before, value: [...(before.value ?? []), ...page.data], busy: false };
      },
      (error: unknown) => {
        load.now.value = { ...load.now.peek(), error, busy: false };
      },
    );
  };
  return { ...load, more: next.value === null ? null : more };
}
