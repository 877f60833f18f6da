/** The form by which a browser becomes a device: what is typed, what goes on, and what went wrong. */

import { type Signal, useSignal } from "@preact/signals";
import type { Card } from "../core/device/session";
import { enrol } from "../core/enrol";
import type { Database } from "../core/store/database";

export interface Join {
  code: Signal<string>;
  name: Signal<string>;
  busy: Signal<boolean>;
  /** Why it was not added; null while nothing went wrong. */
  failed: Signal<unknown>;
  submit: (event: Event) => void;
}

/** `code` is that of the link, `unnamed` the name of who types none; `joined` is called with the card that is kept. */
export function useJoin(
  database: Database,
  app: string,
  code: string,
  unnamed: string,
  joined: (card: Card) => Promise<void> | void,
): Join {
  const join = {
    code: useSignal(code),
    name: useSignal(unnamed),
    busy: useSignal(false),
    failed: useSignal<unknown>(null),
  };
  const run = async (): Promise<void> => {
    join.busy.value = true;
    join.failed.value = null;
    try {
      const card = await enrol(database, join.code.value, join.name.value.trim() || unnamed, app);
      void navigator.storage?.persist?.();
      await joined(card);
    } catch (error) {
      join.failed.value = error;
    } finally {
      join.busy.value = false;
    }
  };
  return {
    ...join,
    submit: (event) => {
      event.preventDefault();
      void run();
    },
  };
}

export function CodeField({ join, label }: { join: Join; label: string }) {
  return (
    <label>
      {label}
      <input
        required
        autoComplete="one-time-code"
        autoCapitalize="characters"
        spellcheck={false}
        maxLength={40}
        value={join.code.value}
        onInput={(event) => {
          join.code.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

export function NameField({ join, label }: { join: Join; label: string }) {
  return (
    <label>
      {label}
      <input
        maxLength={60}
        value={join.name.value}
        onInput={(event) => {
          join.name.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
