/**
 * A table: sorted by a click or Enter on a heading, filtered by what is typed, in pages of its own; below 600 px each
 * row is a card. Up and Down move between the rows' first links or buttons.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { count, t } from "../words";
import { Empty } from "./faces";

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => ComponentChildren;
  /** What is sorted and filtered by; without it the column is neither. */
  value?: (row: Row) => string | number;
  /** Set to the right, with digits of one width. */
  number?: boolean;
  /** An instant: kept on one line. */
  when?: boolean;
}

interface Props<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What is said when there is nothing. */
  empty: string;
  /** Whether there is a field to filter by. */
  filter?: boolean;
  /** The server has more: a button asks for it. */
  more?: (() => void) | null;
  page?: number;
}

export function Table<Row>({ caption, columns, rows, keyOf, empty, filter, more, page = 50 }: Props<Row>) {
  const sorted = useSignal<{ key: string; down: boolean } | null>(null);
  const typed = useSignal("");
  const at = useSignal(0);
  const field = useId();
  const words = typed.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const kept = words.length ? rows.filter((row) => words.every((word) => textOf(columns, row).includes(word))) : rows;
  const by = columns.find((column) => column.key === sorted.value?.key)?.value;
  const order = by ? [...kept].sort(comparing(by, sorted.value?.down ?? false)) : kept;
  const last = Math.max(0, Math.ceil(order.length / page) - 1);
  const nth = Math.min(at.value, last);
  const shown = order.slice(nth * page, (nth + 1) * page);
  return (
    <div class="tablepart">
      {filter && (
        <p class="filter">
          <label for={field}>{t("table.filter")}</label>
          <input
            id={field}
            type="search"
            value={typed.value}
            onInput={(event) => {
              typed.value = event.currentTarget.value;
              at.value = 0;
            }}
          />
          <span role="status">{words.length ? count("table.found", order.length) : ""}</span>
        </p>
      )}
      {rows.length === 0 ? (
        <Empty>{empty}</Empty>
      ) : (
        <table onKeyDown={moveByArrows}>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} sorted={sorted} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={keyOf(row)}>
                {columns.map((column) => (
                  <td key={column.key} class={looksOf(column)} data-label={column.head}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > 0 && order.length === 0 && <Empty>{t("table.none")}</Empty>}
      {(last > 0 || more) && (
        <p class="pages">
          {last > 0 && (
            <>
              <button type="button" disabled={nth === 0} onClick={() => (at.value = nth - 1)}>
                {t("table.back")}
              </button>
              <span role="status">{t("table.page", { n: nth + 1, of: last + 1 })}</span>
              <button type="button" disabled={nth === last} onClick={() => (at.value = nth + 1)}>
                {t("table.next")}
              </button>
            </>
          )}
          {more && (
            <button type="button" onClick={more}>
              {t("table.more")}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  sorted: { value: { key: string; down: boolean } | null };
}

function Heading<Row>({ column, sorted }: HeadingProps<Row>) {
  const now = sorted.value?.key === column.key ? sorted.value : null;
  const turn = (): void => {
    sorted.value = { key: column.key, down: now !== null && !now.down };
  };
  return (
    <th scope="col" class={looksOf(column)} aria-sort={now ? (now.down ? "descending" : "ascending") : undefined}>
      {column.value ? (
        <button type="button" class="sort" onClick={turn}>
          {column.head}
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={now ? (now.down ? "M3 6l5 5 5-5" : "M3 10l5-5 5 5") : "M4 6l4-3 4 3M4 10l4 3 4-3"} />
          </svg>
        </button>
      ) : (
        column.head
      )}
    </th>
  );
}

function looksOf<Row>(column: Column<Row>): string | undefined {
  return column.number ? "number" : column.when ? "when" : undefined;
}

function textOf<Row>(columns: readonly Column<Row>[], row: Row): string {
  return columns
    .map((column) => column.value?.(row) ?? "")
    .join("\n")
    .toLowerCase();
}

function comparing<Row>(value: (row: Row) => string | number, down: boolean): (one: Row, other: Row) => number {
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    const before = typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));
    return down ? -before : before;
  };
}

function moveByArrows(event: KeyboardEvent & { currentTarget: HTMLTableElement }): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
  const row = (event.target as Element).closest("tbody tr");
  const next = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  const there = next?.querySelector<HTMLElement>("a, button, input");
  if (!there) return;
  event.preventDefault();
  there.focus();
}
