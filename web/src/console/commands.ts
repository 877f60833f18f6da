/** What is typed into the one field: a name, or a letter and what it is to do. Pure. */

export type Command =
  | { do: "find"; query: string; kind: "" | "role" }
  | { do: "page"; query: string; text: string }
  | { do: "code"; type: string; place: string }
  | { do: "status"; query: string; status: string; until: string; cover: string }
  | { do: "trace"; query: string };

export const STATUSES = ["available", "busy", "in_procedure", "do_not_disturb", "off"] as const;
const SHORT: Record<string, (typeof STATUSES)[number]> = {
  on: "available",
  available: "available",
  busy: "busy",
  proc: "in_procedure",
  procedure: "in_procedure",
  dnd: "do_not_disturb",
  off: "off",
};
const TIME = /^([01]?\d|2[0-3])[:.]?([0-5]\d)$/;

/** Read it. A slash before it means a name, whatever it looks like. */
export function readCommand(typed: string): Command {
  const text = typed.trimStart();
  const found = /^([pocst])\s+(\S.*)?$/is.exec(text);
  if (!found || text.startsWith("/")) return { do: "find", query: text.replace(/^\//, "").trim(), kind: "" };
  const rest = (found[2] ?? "").trim();
  const words = rest.split(/\s+/).filter(Boolean);
  switch (found[1]?.toLowerCase()) {
    case "o":
      return { do: "find", query: rest, kind: "role" };
    case "p":
      return { do: "page", ...splitName(rest) };
    case "c":
      return { do: "code", type: words[0] ?? "", place: words.slice(1).join(" ") };
    case "s":
      return readStatus(words);
    default:
      return { do: "trace", query: rest };
  }
}

/** `lee please call`: the first word is the name; `ana lee: please call`: all before the colon. */
function splitName(rest: string): { query: string; text: string } {
  const colon = rest.indexOf(": ");
  if (colon > 0) return { query: rest.slice(0, colon), text: rest.slice(colon + 2).trim() };
  const [query = "", ...text] = rest.replace(/:$/, "").split(/\s+/);
  return { query, text: text.join(" ") };
}

function readStatus(words: string[]): Command {
  const at = words.findIndex((word) => word.toLowerCase() in SHORT);
  if (at < 1) return { do: "status", query: words.join(" "), status: "", until: "", cover: "" };
  const status = SHORT[(words[at] as string).toLowerCase()] as string;
  const rest = words.slice(at + 1);
  const until = TIME.test(rest[0] ?? "") ? (rest.shift() as string) : "";
  return { do: "status", query: words.slice(0, at).join(" "), status, until, cover: rest.join(" ") };
}

/** The next time that a clock on the wall shows this, as an instant; null for what is no time. */
export function nextTime(written: string, now: number): Date | null {
  const at = timeOf(written, now);
  if (at && at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at;
}

/** The last time that it showed this; a minute that has just begun is now. */
export function lastTime(written: string, now: number): Date | null {
  const at = timeOf(written, now);
  if (at && at.getTime() > now) at.setDate(at.getDate() - 1);
  return at;
}

function timeOf(written: string, day: number): Date | null {
  const found = TIME.exec(written.trim());
  if (!found) return null;
  const at = new Date(day);
  at.setHours(Number(found[1]), Number(found[2]), 0, 0);
  return at;
}

/** A place as people type it: `4w 12` is 4W-12. */
export const plainPlace = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
