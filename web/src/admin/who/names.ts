/** What ids are called: asked for once each, a few at a time. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, Refused } from "../../core/rest";

const known = signal<Record<string, string>>({});
const asked = new Set<string>();
const AT_ONCE = 4;

/** Say what people of these ids are called; until that is known, the id. */
export function useNames(ids: readonly string[]): (id: string) => string {
  const wanted = ids.join(" ");
  useEffect(() => {
    void find(wanted.split(" ").filter((id) => id.startsWith("per_") && !asked.has(id)));
  }, [wanted]);
  const names = known.value;
  return (id) => names[id] ?? id;
}

/** Keep what somebody is called, as another answer has said it. */
export function learn(id: string, name: string): void {
  asked.add(id);
  if (known.peek()[id] !== name) known.value = { ...known.peek(), [id]: name };
}

async function find(ids: string[]): Promise<void> {
  for (const id of ids) asked.add(id);
  for (let at = 0; at < ids.length; at += AT_ONCE)
    await Promise.all(
      ids.slice(at, at + AT_ONCE).map(async (id) => {
        try {
          const { name } = await ask("GET /v1/people/{person_id}", { path: { person_id: id } });
          learn(id, name);
        } catch (error) {
          if (!(error instanceof Refused)) asked.delete(id); // worth another try
        }
      }),
    );
}
