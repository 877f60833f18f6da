/** What a view shows of the server: asked for once or every some seconds, again by a button, cancelled when it goes. */

import { type Signal, useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { Refused, signedOut } from "../../core/rest";

export interface Loaded<T> {
  /** The last that came; null before the first. It stays while another is asked for, or when that fails. */
  value: T | null;
  error: unknown;
  busy: boolean;
  /** When `value` came, Unix milliseconds. */
  at: number;
}

export interface Load<T> {
  now: Signal<Loaded<T>>;
  again: () => void;
  /** Whether what is shown stands still; null = it always does. */
  frozen: Signal<boolean> | null;
}

/** Ask when the view comes, whenever `about` changes, and every `everyS` seconds while somebody can see it. */
export function useLoad<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  about: readonly unknown[] = [],
  everyS = 0,
): Load<T> {
  const frozen = useSignal(false);
  const now = useSignal<Loaded<T>>({ value: null, error: null, busy: true, at: 0 });
  const under = useRef<AbortController | null>(null);
  const latest = useRef(ask);
  latest.current = ask;
  const again = useCallback(() => {
    under.current?.abort();
    const mine = new AbortController();
    under.current = mine;
    now.value = { ...now.peek(), busy: true };
    latest.current(mine.signal).then(
      (value) => {
        if (!mine.signal.aborted) now.value = { value, error: null, busy: false, at: Date.now() };
      },
      (error: unknown) => {
        if (mine.signal.aborted) return;
        const gone = error instanceof Refused && (error.status === 403 || error.status === 404);
        now.value = { ...now.peek(), ...(gone ? { value: null } : {}), error, busy: false };
      },
    );
  }, [now]);
  useEffect(() => {
    now.value = { value: null, error: null, busy: true, at: 0 }; // of something else
    again();
    return () => under.current?.abort();
  }, [again, ...about]);
  useEffect(() => {
    if (!everyS) return;
    const timer = setInterval(() => {
      const seen = document.visibilityState === "visible" && !signedOut.peek();
      if (seen && !frozen.peek() && !now.peek().busy) again();
    }, everyS * 1_000);
    return () => clearInterval(timer);
  }, [again, everyS, frozen, now]);
  return { now, again, frozen: everyS ? frozen : null };
}
