/** The inbox: unanswered first, then by urgency, then the newest; nothing moves under a finger. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { waits } from "../../core/device/outbox";
import { needsMe, type Row } from "../../core/device/rows";
import { count, t } from "../../core/i18n";
import { Item, SentItem } from "../parts/item";
import { client, closed, needing, rows } from "../state";

type Filter = "needs" | "all" | "sent";
const FILTERS: readonly Filter[] = ["needs", "all", "sent"];
/** How long after the last touch rows may take their places anew. */
const IDLE_MS = 3_000;

export function Inbox() {
  const filter = useSignal<Filter>("all");
  const wanted = useSignal("");
  const order = useSignal<readonly string[]>([]);
  const touched = useRef(0);
  const shown = useComputed(() => rows.value.filter((row) => passes(row, filter.value, wanted.value)));
  const fresh = useComputed(() => {
    const known = new Set(order.value);
    return shown.value.filter((row) => !known.has(row.id));
  });
  const settle = (): void => {
    order.value = shown.peek().map((row) => row.id);
  };
  const idle = (): boolean => performance.now() - touched.current > IDLE_MS && window.scrollY < 8;

  // What is new takes its place at once while nobody touches the list; else it is counted, and waits.
  useSignalEffect(() => {
    if (fresh.value.length > 0 && idle()) settle();
  });
  useSignalEffect(() => {
    filter.value;
    wanted.value;
    settle();
  });
  useEffect(() => {
    const timer = setInterval(() => idle() && settle(), 1_000);
    return () => clearInterval(timer);
  }, []);

  const byId = new Map(shown.value.map((row) => [row.id, row]));
  const listed = order.value.map((id) => byId.get(id)).filter((row) => row !== undefined);
  const outgoing =
    client.value?.kept.outbox.value.filter((said) => said.kind === "send" || said.kind === "escalate") ?? [];
  const touch = (): void => {
    touched.current = performance.now();
  };
  return (
    <main>
      <h1 class="hidden">{t("nav.inbox")}</h1>
      <div class="filters" role="group" aria-label={t("filter.label")}>
        {FILTERS.map((one) => (
          <button
            type="button"
            key={one}
            aria-pressed={filter.value === one}
            onClick={() => {
              filter.value = one;
            }}
          >
            {t(`filter.${one}`)}
            {one === "needs" && needing.value.length > 0 && <span class="number">{needing.value.length}</span>}
          </button>
        ))}
      </div>
      <label class="search">
        <span class="hidden">{t("inbox.search")}</span>
        <input
          type="search"
          placeholder={t("inbox.search")}
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        />
      </label>
      {fresh.value.length > 0 && (
        <button
          type="button"
          class="fresh"
          onClick={() => {
            settle();
            window.scrollTo({ top: 0 });
          }}
        >
          {count("inbox.new", fresh.value.length)}
        </button>
      )}
      <p class="hidden" role="status">
        {fresh.value.length > 0 ? count("inbox.new", fresh.value.length) : ""}
      </p>
      <ul class="rows" onPointerDown={touch} onPointerMove={touch} onKeyDown={touch}>
        {filter.value !== "needs" &&
          outgoing.map((said) => <SentItem key={said.id} said={said} waiting={waits(said)} />)}
        {listed.map((row) => (
          <Item key={row.id} row={row} />
        ))}
      </ul>
      {listed.length + (filter.value === "needs" ? 0 : outgoing.length) === 0 && (
        <div class="empty">
          <p>{t(wanted.value ? "inbox.empty.search" : `inbox.empty.${filter.value}`)}</p>
          {!wanted.value && filter.value !== "sent" && <p class="quiet">{t("inbox.hint")}</p>}
        </div>
      )}
      <p class="quiet closed">{t(closed.value === "cannot" ? "closed.cannot" : "closed.not")}</p>
    </main>
  );
}

function passes(row: Row, filter: Filter, wanted: string): boolean {
  if (filter === "needs" && !needsMe(row)) return false;
  if (filter === "sent" && !row.sent) return false;
  if (!wanted) return true;
  const message = row.message;
  const words = [message?.subject, message?.text, message?.sender.name, ...Object.values(row.names)]
    .join(" ")
    .toLowerCase();
  return (
    row.ended !== "recalled" &&
    wanted
      .toLowerCase()
      .split(/\s+/)
      .every((word) => words.includes(word))
  );
}
