/** In which order a board shows what runs: the worst first. Pure. */

import { type BoardRow, PRIORITIES, type Priority } from "../core/device/frames";

export interface Shown {
  row: BoardRow;
  /** Lower stands higher. */
  rank: number;
  since: number;
}

const RANK = new Map<string, number>(PRIORITIES.map((priority, nth) => [priority, 2 * nth]));

export function shown(row: BoardRow): Shown {
  const rank = (RANK.get(row.priority) ?? 0) + (isHeld(row) ? 1 : 0);
  return { row, rank, since: Date.parse(row.since) };
}

/** By priority; what nobody has before what somebody has; the oldest first. */
export function compare(one: Shown, other: Shown): number {
  return one.rank - other.rank || one.since - other.since || (one.row.message < other.row.message ? -1 : 1);
}

export const isHeld = (row: BoardRow): boolean => (row.holders?.length ?? 0) > 0;

/** A call that is real and that nobody has answered: red. */
export const isRed = (row: BoardRow): boolean => row.priority === "code" && !isHeld(row) && !row.drill && !row.test;

export const priorityOf = (row: BoardRow): Priority => (RANK.has(row.priority) ? (row.priority as Priority) : "high");

/** Keeps what runs in order, however much of it, as frames change a little of it. */
export class Ordered {
  #of = new Map<string, Shown>();
  #sorted: Shown[] = [];

  /** Take over what runs now; `touched`: only these have changed, null = look at all. */
  take(rows: ReadonlyMap<string, BoardRow>, touched: readonly string[] | null): readonly Shown[] {
    if (touched === null) this.#of.clear();
    for (const message of touched ?? rows.keys()) {
      const row = rows.get(message);
      if (row) this.#of.set(message, shown(row));
      else this.#of.delete(message);
    }
    if (touched === null || touched.length > 0) this.#sorted = [...this.#of.values()].sort(compare);
    return this.#sorted;
  }
}
