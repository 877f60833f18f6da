/**
 * Where bars and days stand in a calendar: parts of its length, 0 to 1. A day of 25 hours is longer than one of 24, so
 * that a bar is as long as its time. Pure.
 */

export interface Span {
  starts_at: string;
  ends_at: string;
}
export interface Placed<T> {
  of: T;
  begin: number;
  length: number;
  /** It goes on before, or after, what is drawn. */
  before: boolean;
  after: boolean;
}

/** Place what touches [from, to); what lies outside is left out. */
export function placeSpans<T extends Span>(spans: readonly T[], from: number, to: number): Placed<T>[] {
  const whole = to - from;
  return spans.flatMap((of) => {
    const [begin, end] = [Date.parse(of.starts_at), Date.parse(of.ends_at)];
    if (end <= from || begin >= to || whole <= 0) return [];
    const [first, last] = [Math.max(begin, from), Math.min(end, to)];
    return [
      { of, begin: (first - from) / whole, length: (last - first) / whole, before: begin < from, after: end > to },
    ];
  });
}

/** The instant at a part of the length. */
export function instantAt(part: number, from: number, to: number): number {
  return from + Math.min(1, Math.max(0, part)) * (to - from);
}

/** Days in rows of a week, the first of them from a Monday on. */
export function weeksOf<D extends { date: string }>(days: readonly D[]): D[][] {
  const rows: D[][] = [];
  for (let at = 0; at < days.length; at += 7) rows.push(days.slice(at, at + 7));
  return rows;
}

/** A number of one of so many colours for somebody, the same on each screen. */
export function hueOf(id: string, of: number): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum % of;
}
