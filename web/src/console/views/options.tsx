/** What a field offers: the field keeps the focus, and moves the choice; a mouse chooses too. */

import { useEffect, useRef } from "preact/hooks";
import type { Entry } from "../find/index";

interface Wishes<T> {
  id: string;
  label: string;
  list: readonly T[];
  entryOf: (one: T) => Entry;
  chosen: string;
  onChoose: (one: T) => void;
  children: (one: T) => preact.ComponentChildren;
}

export const optionId = (list: string, entry: string): string => `${list}-${entry}`;

export function Options<T>({ id, label, list, entryOf, chosen, onChoose, children }: Wishes<T>) {
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    shown.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  // A list of nothing has no role: readers would look for what it must have.
  if (list.length === 0) return null;
  return (
    <div id={id} role="listbox" class="options" aria-label={label} ref={shown}>
      {list.map((one) => {
        const entry = entryOf(one);
        return (
          <div
            key={entry.id}
            id={optionId(id, entry.id)}
            role="option"
            tabIndex={-1}
            aria-selected={entry.id === chosen}
            onMouseDown={(event) => {
              event.preventDefault();
              onChoose(one);
            }}
          >
            {children(one)}
          </div>
        );
      })}
    </div>
  );
}
