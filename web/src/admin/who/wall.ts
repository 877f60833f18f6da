/**
 * Wall times of a zone and the instants that they mean, by the browser's own table of zones. A time that the zone leaves
 * out is the first instant after the gap; of one that comes twice it is the first. Pure.
 */

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(at: number, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** `2026-11-01T01:30`, as a field for times has it. */
export function wallOf(at: number | string, zone: string): string {
  const { year, month, day, hour, minute } = partsOf(new Date(at).getTime(), zone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** How far the zone is ahead of UTC at an instant, milliseconds. */
export function offsetOf(at: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(at, zone);
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(at / 1_000) * 1_000;
}

/** The instant that a wall time means, Unix milliseconds; NaN = it is no time. */
export function instantOf(wall: string, zone: string): number {
  const naive = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  if (Number.isNaN(naive)) return naive;
  const before = offsetOf(naive - DAY_MS, zone);
  const after = offsetOf(naive + DAY_MS, zone);
  const first = naive - Math.max(before, after);
  const last = naive - Math.min(before, after);
  if (offsetOf(first, zone) === Math.max(before, after)) return first;
  if (offsetOf(last, zone) === Math.min(before, after)) return last;
  // It is left out: the clock jumped between the two.
  let [low, high] = [first, last];
  const ahead = offsetOf(high, zone);
  while (high - low > 1_000) {
    const middle = low + Math.ceil((high - low) / 2_000) * 1_000;
    if (middle >= high) break;
    if (offsetOf(middle, zone) === ahead) high = middle;
    else low = middle;
  }
  return high;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The day that is so many after a day: `2026-11-01`. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  const nth = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return dayAfter(day, -nth);
}

/** Round an instant down to a quarter of an hour. */
export const quarter = (at: number): number => Math.floor(at / (15 * MINUTE_MS)) * 15 * MINUTE_MS;
