/** What lies in what. Pure. */

export const KINDS = ["site", "building", "unit", "room", "bed"] as const;
export type Kind = (typeof KINDS)[number];
/** What a place of each kind may lie in; a unit may do without. */
export const INSIDE: Record<Kind, readonly Kind[]> = {
  site: [],
  building: ["site"],
  unit: ["site", "building"],
  room: ["unit"],
  bed: ["unit", "room"],
};

interface Node {
  id: string;
  name: string;
  parent: string | null;
}

/** All of them in the order of a tree, names with their numbers as people count; `deep`: how many they lie in. */
export function inTree<P extends Node>(all: readonly P[]): { one: P; deep: number }[] {
  const known = new Set(all.map(({ id }) => id));
  const within = new Map<string, P[]>();
  for (const one of all) {
    const parent = one.parent && known.has(one.parent) ? one.parent : "";
    within.set(parent, [...(within.get(parent) ?? []), one]);
  }
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const walk = (parent: string, deep: number): { one: P; deep: number }[] =>
    (within.get(parent) ?? [])
      .toSorted((one, other) => order.compare(one.name, other.name))
      .flatMap((one) => [{ one, deep }, ...walk(one.id, deep + 1)]);
  return walk("", 0);
}

/** All that lie in one, however deep. */
export function below<P extends Node>(all: readonly P[], id: string): P[] {
  const direct = all.filter(({ parent }) => parent === id);
  return direct.flatMap((one) => [one, ...below(all, one.id)]);
}
