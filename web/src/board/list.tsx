/** The rows of the board. However many run, only those near the screen are in the page. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { BoardRow } from "../core/device/frames";
import { PriorityTag } from "../ui/tag";
import { isHeld, isRed, priorityOf, type Shown } from "./order";
import { rows, siteNow } from "./state";
import { count, isKey, span, t } from "./words";

/** So many are in the page at a time, and so many of them above the first one that is seen. */
const WINDOW = 40;
const ABOVE = 8;
/** So many are named in a sentence; their cells beside it name all. */
const NAMED = 3;
/** How high a row is until one was measured, in pixels. */
const GUESS = 96;

export function List() {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const first = useSignal(0);
  const height = useSignal(GUESS);
  const all = rows.value;
  const from = Math.max(0, Math.min(first.value, all.length - WINDOW));
  const seen = all.slice(from, from + WINDOW);

  useLayoutEffect(() => {
    const measured = list.current;
    if (measured && seen.length > 0) {
      const each = measured.offsetHeight / seen.length;
      if (Math.abs(each - height.peek()) > 4) height.value = each;
    }
  }, [seen.length]);

  const moved = (): void => {
    const top = box.current?.scrollTop ?? 0;
    first.value = Math.max(0, Math.floor(top / height.peek()) - ABOVE);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="rows" ref={box} onScroll={moved} tabIndex={0} role="region" aria-label={t("board")}>
      <div style={{ blockSize: `${from * height.value}px` }} />
      <ol ref={list} start={from + 1}>
        {seen.map((one) => (
          <Row key={one.row.message} shown={one} />
        ))}
      </ol>
      <div style={{ blockSize: `${Math.max(0, all.length - from - WINDOW) * height.value}px` }} />
    </div>
  );
}

function Row({ shown }: { shown: Shown }) {
  const { row, since } = shown;
  const red = isRed(row);
  const marks = `${priorityOf(row)}${red ? " red" : ""}${isHeld(row) ? " held" : ""}${row.drill ? " drill" : ""}`;
  return (
    <li data-id={row.message} class={`row ${marks}`}>
      <div class="what">
        <PriorityTag priority={priorityOf(row)} word={t(`priority.${priorityOf(row)}`)} />
        {row.drill && <strong class="mark">{t("drill")}</strong>}
        {row.test && !row.drill && <span class="mark">{t("test")}</span>}
        <span class="age">{t("since", { age: span(siteNow.value - since) })}</span>
      </div>
      <div class="where">
        <strong>{where(row)}</strong> <span>{row.title || t("alert")}</span>
      </div>
      <div class="who">
        <strong>{who(row)}</strong>
        <Next row={row} />
      </div>
      <Cells row={row} />
    </li>
  );
}

function where(row: BoardRow): string {
  return [row.unit, row.bed].filter(Boolean).join(", ") || row.sender || "";
}

function named(people: readonly string[]): string {
  const first = people.slice(0, NAMED).join(", ");
  return people.length > NAMED ? `${first} ${t("others", { n: people.length - NAMED })}` : first;
}

function who(row: BoardRow): string {
  const holders = row.holders ?? [];
  const missing = (row.parts ?? []).filter((part) => part.there < part.needed);
  const parts = missing.map((part) => `${part.role.replace(/^\w+:/, "")} ${part.there}/${part.needed}`).join(", ");
  const lacks = parts ? ` ${t("missing", { parts })}.` : "";
  if (holders.length > 0) {
    const has = row.state === "asked" ? "asked" : "has";
    return `${count(has, holders.length, { who: named(holders) })}.${lacks}`;
  }
  if (row.state === "exhausted") return t(row.step ? "exhausted" : "declined");
  return `${t(row.priority === "code" ? "code.nobody" : "nobody")}.${lacks}`;
}

/** What comes next if nobody says anything. */
function Next({ row }: { row: BoardRow }) {
  const next = row.next;
  if (!next) return null;
  const left = Date.parse(next.at) - siteNow.value;
  const people = next.who ?? [];
  let what = count("next.who", people.length, { who: named(people) });
  if (next.what === "desk" || people.length === 0) what = t("next.desk");
  if (next.what === "still active") what = t("next.active");
  if (next.what === "settled") what = t("next.settled");
  if (next.what === "part missing") what = t("next.part");
  return <span class="next">{left > 0 ? t("next", { left: span(left), what }) : t("next.soon", { what })}</span>;
}

function Cells({ row }: { row: BoardRow }) {
  const cells = row.cells ?? [];
  if (cells.length === 0) return <ul class="cells" />;
  return (
    <ul class="cells" aria-label={t("people")}>
      {cells.map((cell) => {
        const key = `letter.${cell.letter}`;
        const state = isKey(key) ? t(key) : cell.state;
        return (
          <li key={cell.person} class={`cell ${cell.letter}`}>
            <b aria-hidden="true">{cell.letter}</b>
            <span aria-hidden="true">{cell.name}</span>
            <span class="hidden">{t("cell", { name: cell.name, state })}</span>
          </li>
        );
      })}
      {(row.others ?? 0) > 0 && <li class="cell">{t("others", { n: row.others ?? 0 })}</li>}
    </ul>
  );
}
