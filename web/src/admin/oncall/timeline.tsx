/**
 * Rows of bars over days: who holds what from when to when. Each bar that a finger can hit is a button (the others are in
 * the list below); where a row can be drawn on, dragging over it says from when to when, and a button beside says the same
 * to whoever has no mouse.
 */

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { region } from "../../core/i18n/language";
import type { Answer } from "../../core/rest";
import { HOUR_MS, quarter } from "../who/wall";
import { hueOf, instantAt, placeSpans } from "./layout";
import { t } from "./words";

export type TimelineOut = Answer<"GET /v1/on-call">;
export type Line = TimelineOut["data"][number];
export type Stretch = Line["final"][number];
export type Day = TimelineOut["days"][number];

export interface Row {
  key: string;
  label: string;
  href?: string;
  stretches: readonly Stretch[];
  /** Stretches with nobody are not there, rather than gaps. */
  partly?: boolean;
  /** A bar was chosen, by a click or Enter; what is too short for that is chosen in the list. */
  onPick?: (stretch: Stretch) => void;
  /** A time was drawn, Unix milliseconds. */
  onDraw?: (from: number, to: number) => void;
}

interface Props {
  timeline: Pick<TimelineOut, "zone" | "now"> & { days: readonly Day[] };
  rows: readonly Row[];
}

const HUES = 6;
const HALF_HOUR = HOUR_MS / 2;
/** What is narrower cannot be hit (WCAG 2.2, 2.5.8). */
const TARGET_PX = 24;

export function Timeline({ timeline, rows }: Props) {
  const { days, zone, now } = timeline;
  const [from, to] = [Date.parse(days[0]?.starts_at ?? ""), Date.parse(days.at(-1)?.ends_at ?? "")];
  const at = Date.parse(now);
  const day = new Intl.DateTimeFormat(region(), {
    weekday: "short",
    day: "numeric",
    month: "numeric",
    timeZone: zone,
  });
  return (
    <div class="timeline" role="group" aria-label={t("timeline", { zone })}>
      <div class="tl-row tl-days">
        <span class="tl-label quiet">{zone}</span>
        <div class="tl-track">
          {days.map((one) => (
            <span key={one.date} class="tl-day" style={{ flexGrow: one.hours }}>
              {day.format(new Date((Date.parse(one.starts_at) + Date.parse(one.ends_at)) / 2))}
              {one.hours !== 24 && <strong class="tl-hours">{t("hours", { n: one.hours })}</strong>}
            </span>
          ))}
        </div>
      </div>
      {rows.map((row) => (
        <div key={row.key} class="tl-row">
          <span class="tl-label">{row.href ? <a href={row.href}>{row.label}</a> : row.label}</span>
          <Track row={row} days={days} from={from} to={to} zone={zone} now={at} />
        </div>
      ))}
    </div>
  );
}

interface TrackProps {
  row: Row;
  days: readonly Day[];
  from: number;
  to: number;
  zone: string;
  now: number;
}

function Track({ row, days, from, to, zone, now }: TrackProps) {
  const own = useRef<HTMLDivElement>(null);
  const width = useWidth(own);
  const drawn = useSignal<{ begin: number; end: number } | null>(null);
  const pressed = useRef(0);
  const partAt = (event: PointerEvent): number => {
    const box = own.current?.getBoundingClientRect();
    return box ? (event.clientX - box.left) / box.width : 0;
  };
  const placed = placeSpans(row.stretches, from, to).filter((one) => one.of.person || !row.partly);
  const over = drawn.value;
  return (
    <div
      ref={own}
      class={row.onDraw ? "tl-track drawable" : "tl-track"}
      onPointerDown={(event) => {
        if (!row.onDraw || event.button !== 0) return;
        pressed.current = partAt(event);
      }}
      onPointerMove={(event) => {
        if (!row.onDraw || event.buttons !== 1) return;
        const part = partAt(event);
        if (!drawn.peek() && Math.abs(part - pressed.current) * (to - from) < HALF_HOUR) return;
        own.current?.setPointerCapture(event.pointerId);
        drawn.value = { begin: Math.min(part, pressed.current), end: Math.max(part, pressed.current) };
      }}
      onPointerUp={() => {
        const done = drawn.peek();
        drawn.value = null;
        if (!done) return;
        const begin = quarter(instantAt(done.begin, from, to));
        row.onDraw?.(begin, Math.max(begin + HALF_HOUR, quarter(instantAt(done.end, from, to))));
      }}
      onPointerCancel={() => {
        drawn.value = null;
      }}
    >
      {days.map((one) => (
        <span key={one.date} class="tl-cell" style={{ flexGrow: one.hours }} />
      ))}
      {placed.map(({ of, begin, length, before, after }) => (
        <Bar
          key={`${of.starts_at} ${of.rule} ${of.source}`}
          stretch={of}
          zone={zone}
          place={{ insetInlineStart: `${begin * 100}%`, inlineSize: `${length * 100}%` }}
          edges={`${before ? " goes-before" : ""}${after ? " goes-after" : ""}`}
          onPick={length * width < TARGET_PX ? undefined : row.onPick}
        />
      ))}
      {now > from && now < to && (
        <span class="tl-now" style={{ insetInlineStart: `${((now - from) / (to - from)) * 100}%` }} />
      )}
      {over && (
        <span
          class="tl-drawn"
          style={{ insetInlineStart: `${over.begin * 100}%`, inlineSize: `${(over.end - over.begin) * 100}%` }}
        />
      )}
    </div>
  );
}

/** How wide something is, in CSS pixels, also when that changes; 0 before it is there. */
function useWidth(of: RefObject<HTMLElement | null>): number {
  const width = useSignal(0);
  useLayoutEffect(() => {
    if (!of.current) return;
    const watch = new ResizeObserver(([box]) => {
      width.value = box?.contentRect.width ?? 0;
    });
    width.value = of.current.getBoundingClientRect().width;
    watch.observe(of.current);
    return () => watch.disconnect();
  }, [of, width]);
  return width.value;
}

interface BarProps {
  stretch: Stretch;
  zone: string;
  place: { insetInlineStart: string; inlineSize: string };
  edges: string;
  onPick: ((stretch: Stretch) => void) | undefined;
}

function Bar({ stretch, zone, place, edges, onPick }: BarProps) {
  const name = stretch.person ? stretch.name : t("gap");
  const kind = stretch.person ? `rule-${stretch.rule.split(" ")[0]} hue${hueOf(stretch.person, HUES)}` : "tl-gap";
  const said = sayStretch(stretch, zone);
  const shown = <span class="tl-name">{name}</span>;
  return onPick ? (
    <button
      type="button"
      class={`tl-bar ${kind}${edges}`}
      style={place}
      title={said}
      aria-label={said}
      onClick={() => onPick(stretch)}
    >
      {shown}
    </button>
  ) : (
    <span class={`tl-bar ${kind}${edges}`} style={place} title={said}>
      {shown}
    </span>
  );
}

/** Who, or that nobody, and from when to when. */
export const sayStretch = (stretch: Stretch, zone: string): string =>
  `${stretch.person ? stretch.name : t("gap")}, ${sayTimes(stretch, zone)}`;

/** From when to when, by the zone's clock; with its offset, which tells the two 01:30s of one night apart. */
export function sayTimes(span: { starts_at: string; ends_at: string }, zone: string): string {
  const clock = new Intl.DateTimeFormat(region(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    timeZoneName: "short",
  });
  return `${clock.format(new Date(span.starts_at))} – ${clock.format(new Date(span.ends_at))}`;
}
