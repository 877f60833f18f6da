/**
 * Pictures of figures: bars, lines, a heat map. Each is an SVG of our own with a sentence for those who do not see it,
 * its figures as a table below, and those as a file.
 */

import type { ComponentChildren } from "preact";
import { saveFile, writeCsv } from "../../core/csv";
import { t } from "../words";

type Cell = string | number;

interface Frame {
  title: string;
  /** What the picture shows, in one sentence. */
  about: string;
  head: readonly string[];
  lines: readonly (readonly Cell[])[];
  children: ComponentChildren;
}

function Figure({ title, about, head, lines, children }: Frame) {
  const name = `${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")}.csv`;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <p class="quiet">{about}</p>
      {children}
      <details>
        <summary>{t("chart.table")}</summary>
        <button type="button" onClick={() => saveFile(name, "text/csv", writeCsv([head, ...lines]))}>
          {t("chart.csv")}
        </button>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled by a mouse is scrolled by keys, too. */}
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table>
            <caption>{title}</caption>
            <thead>
              <tr>
                {head.map((one) => (
                  <th key={one} scope="col">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line[0]}>
                  {line.map((cell, nth) => (
                    <td key={head[nth]} class={typeof cell === "number" ? "number" : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

export interface Bar {
  label: string;
  value: number;
  /** As people read it: `4.2 s`. */
  words: string;
}

interface BarsProps {
  title: string;
  about: string;
  /** The headings of its table: what the bars are, what they measure. */
  head: readonly [string, string];
  bars: readonly Bar[];
}

export function Bars({ title, about, head, bars }: BarsProps) {
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  return (
    <Figure title={title} about={about} head={head} lines={bars.map((bar) => [bar.label, bar.value])}>
      <ul class="bars" aria-hidden="true">
        {bars.map((bar) => (
          <li key={bar.label}>
            <span>{bar.label}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(100 * bar.value) / most} height="10" />
            </svg>
            <span class="number">{bar.words}</span>
          </li>
        ))}
      </ul>
    </Figure>
  );
}

export interface Series {
  name: string;
  values: readonly (number | null)[];
}

interface LinesProps {
  title: string;
  about: string;
  /** What stands under each point; `full` is how its table names it, where that is longer. */
  labels: readonly string[];
  full?: readonly string[];
  series: readonly Series[];
  /** What the first column of its table is. */
  over: string;
  words?: (value: number) => string;
}

const LONG = 48;
const WIDE = 600;
const HIGH = 140;
const EDGE = { start: 44, end: 8, top: 8, bottom: 20 };

/** At most four lines: they are told apart by dashes as well as by their names. */
export function Lines({ title, about, labels, full = labels, series, over, words = String }: LinesProps) {
  const most = niceMost(Math.max(0, ...series.flatMap((one) => one.values.map((value) => value ?? 0))));
  const x = (nth: number): number =>
    EDGE.start + (nth * (WIDE - EDGE.start - EDGE.end)) / Math.max(1, labels.length - 1);
  const y = (value: number): number => HIGH - EDGE.bottom - (value / most) * (HIGH - EDGE.top - EDGE.bottom);
  const everything = full.map((label, nth) => [label, ...series.map((one) => one.values[nth] ?? "")]);
  // Of a long time only where something was.
  const lines = everything.length > LONG ? everything.filter((line) => line.slice(1).some(Boolean)) : everything;
  const marks = [0, most / 2, most];
  const every = Math.max(1, Math.ceil(labels.length / 6));
  return (
    <Figure title={title} about={about} head={[over, ...series.map((one) => one.name)]} lines={lines}>
      <svg class="lines" viewBox={`0 0 ${WIDE} ${HIGH}`} aria-hidden="true">
        {marks.map((mark) => (
          <g key={mark}>
            <line class="grid" x1={EDGE.start} x2={WIDE - EDGE.end} y1={y(mark)} y2={y(mark)} />
            <text x={EDGE.start - 6} y={y(mark) + 4} text-anchor="end">
              {words(mark)}
            </text>
          </g>
        ))}
        {labels.map((label, nth) =>
          nth % every ? null : (
            <text key={nth} x={x(nth)} y={HIGH - 4} text-anchor={nth ? "middle" : "start"}>
              {label}
            </text>
          ),
        )}
        {series.map((one, nth) => (
          <path key={one.name} class={`line n${nth}`} d={pathOf(one.values, x, y)} />
        ))}
      </svg>
      {series.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {series.map((one, nth) => (
            <li key={one.name}>
              <svg class="lines" viewBox="0 0 32 8" aria-hidden="true">
                <path class={`line n${nth}`} d="M0 4H32" />
              </svg>
              {one.name}
            </li>
          ))}
        </ul>
      )}
    </Figure>
  );
}

/** Gaps stay gaps: where nothing was measured no line is drawn. */
function pathOf(
  values: readonly (number | null)[],
  x: (nth: number) => number,
  y: (value: number) => number,
): string {
  let pen = false;
  return values
    .map((value, nth) => {
      if (value === null) {
        pen = false;
        return "";
      }
      const step = `${pen ? "L" : "M"}${x(nth).toFixed(1)} ${y(value).toFixed(1)}`;
      // A point between two gaps is seen as a short stroke.
      const alone = !pen && (values[nth + 1] ?? null) === null;
      pen = true;
      return alone ? `${step}h2` : step;
    })
    .join("");
}

function niceMost(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return (([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) as number) * power;
}

interface HeatProps {
  title: string;
  about: string;
  /** Down and across. */
  rows: readonly string[];
  columns: readonly string[];
  full?: readonly string[];
  /** By row and column; null = nothing was measured. */
  values: readonly (readonly (number | null)[])[];
  /** From which value on a cell is of the second, third, fourth shade. */
  steps: readonly [number, number, number];
  words: (value: number) => string;
  corner: string;
}

/** Shades are said in the legend, and each cell has its value as a word on hover and in the table. */
export function Heat({ title, about, rows, columns, full = columns, values, steps, words, corner }: HeatProps) {
  const wide = (WIDE - 90) / Math.max(1, columns.length);
  const high = 20;
  // Its table has the columns below each other: there are more of them than a screen is wide.
  const lines = full.map((name, at) => [name, ...rows.map((_, nth) => worded(values[nth]?.[at] ?? null, words))]);
  const every = Math.max(1, Math.ceil(columns.length / 12));
  const shades = [`< ${words(steps[0])}`, `≥ ${words(steps[0])}`, `≥ ${words(steps[1])}`, `≥ ${words(steps[2])}`];
  return (
    <Figure title={title} about={about} head={[corner, ...rows]} lines={lines}>
      <svg class="heat" viewBox={`0 0 ${WIDE} ${rows.length * high + 20}`} aria-hidden="true">
        {rows.map((row, nth) => (
          <g key={row}>
            <text x="84" y={nth * high + 14} text-anchor="end">
              {row}
            </text>
            {full.map((column, at) => {
              const value = values[nth]?.[at] ?? null;
              return (
                <rect
                  key={column}
                  class={value === null ? "none" : `s${steps.filter((step) => value >= step).length}`}
                  x={90 + at * wide}
                  y={nth * high}
                  width={Math.max(1, wide - 2)}
                  height={high - 2}
                >
                  <title>{`${row}, ${column}: ${worded(value, words)}`}</title>
                </rect>
              );
            })}
          </g>
        ))}
        {columns.map((column, at) =>
          at % every ? null : (
            <text
              key={full[at]}
              x={90 + at * wide + (at + every < columns.length ? 0 : wide)}
              y={rows.length * high + 14}
              text-anchor={at + every < columns.length ? "start" : "end"}
            >
              {column}
            </text>
          ),
        )}
      </svg>
      <ul class="legend" aria-hidden="true">
        {shades.map((shade, nth) => (
          <li key={shade}>
            <svg class="heat" viewBox="0 0 16 16" aria-hidden="true">
              <rect class={`s${nth}`} width="16" height="16" />
            </svg>
            {shade}
          </li>
        ))}
      </ul>
    </Figure>
  );
}

function worded(value: number | null, words: (value: number) => string): string {
  return value === null ? "–" : words(value);
}
