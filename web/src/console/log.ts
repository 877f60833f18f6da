/** The log: what was sent and what came of it, as the site has it; asked for anew when the console hears of a change. */

import { computed, effect, signal } from "@preact/signals";
import { saveFile, writeCsv } from "../core/csv";
import type { MessageOut, SentOut, Story } from "../core/generated/api";
import { ask } from "../core/rest";
import { open as openCode } from "./calls";
import { draft } from "./compose";
import { showAndFocus } from "./show";
import { isAway, whyNot } from "./site";
import { soon } from "./soon";
import { alerts, client, type Face, pane, rows, say } from "./state";
import { t } from "./words";

const PAGE = 100;
const RESEND_MOST = 20;

export const log = {
  own: signal(true),
  filter: signal(""),
  lines: signal<readonly SentOut[]>([]),
  /** Where the next page goes on; null = these are all. */
  next: signal<string | null>(null),
  face: signal<Face>("loading"),
  why: signal(""),
};
/** The message whose way is told; null = the list is shown. */
export const told = signal<{ id: string; story: Story | null; message: MessageOut | null; why: string } | null>(null);

/** What is shown of the list: each word that was typed stands somewhere in the line. */
export const shown = computed(() => {
  const words = log.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return log.lines.value;
  return log.lines.value.filter((line) => {
    const text = searched(line);
    return words.every((word) => text.includes(word));
  });
});

const searched = (line: SentOut): string =>
  [
    line.id,
    line.about,
    line.sender.name,
    line.taken_by,
    line.response,
    line.ended_why,
    t(`priority.${line.priority as "high"}`),
    line.drill ? `drill ${t("drill")}` : "",
    line.paper ? `paper ${t("paper.mark")}` : "",
    ...(line.to ?? []),
  ]
    .join(" ")
    .toLowerCase();

let asked = 0;

/** Ask for the newest, and keep what was read of the older ones. */
export async function load(): Promise<void> {
  const mine = ++asked;
  try {
    const page = await ask("GET /v1/sent", { query: { own: log.own.peek(), limit: PAGE } });
    if (mine !== asked) return;
    const last = page.data.at(-1)?.id ?? "";
    const known = new Set(page.data.map((line) => line.id));
    const joins = log.lines.peek().some((line) => known.has(line.id));
    const older = joins && page.next !== null ? log.lines.peek().filter((line) => line.id < last) : [];
    log.lines.value = [...page.data, ...older];
    if (older.length === 0) log.next.value = page.next;
    log.face.value = "fresh";
  } catch (error) {
    if (mine !== asked) return;
    log.face.value = isAway(error) ? "away" : "error";
    log.why.value = whyNot(error);
  }
}

/** Go further back. */
export async function older(): Promise<void> {
  const after = log.next.peek();
  if (after === null) return;
  const own = log.own.peek();
  try {
    const page = await ask("GET /v1/sent", { query: { own, limit: PAGE, after } });
    if (log.next.peek() !== after || own !== log.own.peek()) return;
    log.lines.value = [...log.lines.peek(), ...page.data];
    log.next.value = page.next;
  } catch (error) {
    say(whyNot(error), true);
  }
}

export function setOwn(own: boolean): void {
  log.own.value = own;
  log.lines.value = [];
  log.next.value = null;
  log.face.value = "loading";
  void load();
}

/** Show the log, with what is looked for in it; a message's id tells its way at once. */
export function openLog(filter = ""): void {
  const id = /msg_[0-9a-f]{32}/.exec(filter)?.[0];
  showAndFocus(() => {
    log.filter.value = id ? "" : filter;
    told.value = null;
    pane.value = "log";
  }, "log-filter");
  if (id) void tell(id);
  void load();
}

/** Tell the way of a message, from being stored to its end. */
export async function tell(id: string): Promise<void> {
  if (told.peek()?.id !== id)
    showAndFocus(() => {
      told.value = { id, story: null, message: null, why: "" };
    }, "story-title");
  const path = { message_id: id };
  const [story, message] = await Promise.allSettled([
    ask("GET /v1/messages/{message_id}/trace", { path }),
    ask("GET /v1/messages/{message_id}", { path }),
  ]);
  if (told.peek()?.id !== id) return;
  const refused = story.status === "rejected" ? story.reason : null;
  told.value = {
    id,
    story: story.status === "fulfilled" ? story.value : (told.peek()?.story ?? null),
    message: message.status === "fulfilled" ? message.value : (told.peek()?.message ?? null),
    why: refused === null ? "" : isAway(refused) ? t("log.away") : whyNot(refused),
  };
}

/** Write a page anew to the same people: it is shown, and sent by Ctrl+Enter only. */
export async function resend(line: SentOut): Promise<void> {
  if (line.priority === "code") return openCode();
  if (line.people > RESEND_MOST) return say(t("log.resend.many", { n: RESEND_MOST }), true);
  try {
    const { subject, text, callback, deliveries } = await ask("GET /v1/messages/{message_id}", {
      path: { message_id: line.id },
    });
    showAndFocus(() => {
      draft.to.value = deliveries.map(({ person, name }) => ({
        kind: "person",
        id: person,
        name,
        title: "",
        where: "",
      }));
      draft.text.value = [subject, text].filter(Boolean).join("\n");
      draft.callback.value = callback ?? "";
      draft.priority.value = line.priority as "high" | "medium" | "low";
      pane.value = "page";
    }, "page-text");
  } catch (error) {
    say(whyNot(error), true);
  }
}

/** What is shown, as a file. */
export function save(): void {
  const head = [
    "stored_at",
    "priority",
    "drill",
    "paper",
    "sender",
    "about",
    "to",
    "people",
    "reached",
    "taken_by",
    "response",
  ];
  const lines = shown
    .peek()
    .map((line) => [
      line.stored_at,
      line.priority,
      line.drill ? "drill" : "",
      line.paper ? "paper" : "",
      line.sender.name ?? "",
      line.about,
      (line.to ?? []).join("; "),
      line.people,
      line.reached,
      line.taken_by ?? "",
      line.response ?? "",
      line.taken_s ?? "",
      line.ended_why ?? "",
    ]);
  saveFile("log.csv", "text/csv", writeCsv([[...head, "taken_s", "ended_why"], ...lines]));
}

/** While the log is shown, what the device hears is the reason to ask again. */
export function begin(): void {
  const again = soon(() => {
    void load();
    const id = told.peek()?.id;
    if (id) void tell(id);
  });
  effect(() => {
    const heard = [alerts.value, rows.value, client.value?.link.value.link];
    if (pane.value === "log" && heard[2] === "live") again();
  });
}
