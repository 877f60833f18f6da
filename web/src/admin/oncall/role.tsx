/** The calendar of one role: what comes of all its rules, and each of them by itself; changed by drawing or by a form. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address, place, show } from "../state";
import { dayAfter, HOUR_MS, mondayOf, quarter, wallOf } from "../who/wall";
import { Change, type Wanted } from "./change";
import { Feed } from "./feed";
import { holderOf, sayRule } from "./index";
import { weeksOf } from "./layout";
import { AsList } from "./list";
import { Quality } from "./quality";
import { Swaps } from "./swaps";
import { type Line, type Row, type Stretch, sayTimes, Timeline, type TimelineOut } from "./timeline";
import { AtATime } from "./who_then";
import { t } from "./words";

export function Role({ id }: { id: string }) {
  const query = place.value.query;
  const month = query.get("view") === "month";
  const from = query.get("from") ?? "";
  const load = useLoad(
    (signal) =>
      ask("GET /v1/on-call", {
        query: { role: id, days: month ? 42 : 7, ...(from ? { from } : {}) },
        signal,
      }),
    [id, month, from],
  );
  return (
    <Shown load={load}>
      {(timeline) => {
        const [line] = timeline.data;
        return line ? (
          <Calendar timeline={timeline} line={line} month={month} again={load.again} />
        ) : (
          <p role="alert">{t("hidden")}</p>
        );
      }}
    </Shown>
  );
}

interface CalendarProps {
  timeline: TimelineOut;
  line: Line;
  month: boolean;
  again: () => void;
}

function Calendar({ timeline, line, month, again }: CalendarProps) {
  const wanted = useSignal<Wanted | null>(null);
  const first = timeline.days[0]?.date ?? "";
  const today = wallOf(timeline.now, timeline.zone).slice(0, 10);
  const held = holderOf(line.final, timeline.now);
  const step = month ? 28 : 7;
  const at = quarter(Date.parse(timeline.now)) + HOUR_MS;
  const change = (next: Wanted): void => {
    wanted.value = next;
  };
  return (
    <>
      <h1>
        <bdi>{line.name}</bdi>
      </h1>
      {held && (
        <p>
          {t("now")}{" "}
          {held.person ? (
            <>
              <a href={address("people", held.person)}>{held.name}</a>{" "}
              <span class="quiet">
                {sayRule(held.rule)}, {sayTimes(held, timeline.zone)}
              </span>
            </>
          ) : (
            <strong class="gapword">{t("gap")}</strong>
          )}
        </p>
      )}
      <section>
        <div class="filter">
          <button type="button" onClick={() => show({ from: dayAfter(first, -step) })}>
            {t("earlier")}
          </button>
          <button type="button" onClick={() => show({ from: month ? mondayOf(today) : today })}>
            {t("today")}
          </button>
          <button type="button" onClick={() => show({ from: dayAfter(first, step) })}>
            {t("later")}
          </button>
          <label>
            {t("from_day")}{" "}
            <input
              type="date"
              value={first}
              onChange={(event) => event.currentTarget.value && show({ from: event.currentTarget.value })}
            />
          </label>
          <label>
            {t("view")}{" "}
            <select
              value={month ? "month" : "week"}
              onChange={(event) => {
                const whole = event.currentTarget.value === "month";
                show({ view: whole ? "month" : "", from: whole ? mondayOf(first) : first });
              }}
            >
              <option value="week">{t("view.week")}</option>
              <option value="month">{t("view.month")}</option>
            </select>
          </label>
          {line.may_change && (
            <>
              <button
                type="button"
                class="first"
                onClick={() => change({ what: "override", from: at, to: at + 2 * HOUR_MS })}
              >
                {t("override")}
              </button>
              <button type="button" onClick={() => change({ what: "shift", from: at, to: at + 12 * HOUR_MS })}>
                {t("shift")}
              </button>
              <a class="button" href={address("oncall", line.role, "plan")}>
                {t("plan.title")}
              </a>
            </>
          )}
        </div>
        {month ? (
          weeksOf(timeline.days).map((days) => (
            <Timeline key={days[0]?.date} timeline={{ ...timeline, days }} rows={[finalRow(line, change)]} />
          ))
        ) : (
          <Timeline timeline={timeline} rows={rowsOf(line, change)} />
        )}
        <p class="quiet">{line.may_change ? t("draw.hint") : t("read_only")}</p>
        <AsList rows={month ? [finalRow(line, change)] : rowsOf(line, change)} zone={timeline.zone} />
      </section>
      <Change
        wanted={wanted.value}
        line={line}
        zone={line.zone || timeline.zone}
        close={(changed) => {
          wanted.value = null;
          if (changed) again();
        }}
      />
      <Swaps line={line} zone={timeline.zone} again={again} />
      <AtATime id={line.role} zone={timeline.zone} />
      <Quality id={line.role} zone={timeline.zone} />
      {line.may_change && <Feed id={line.role} again={again} />}
    </>
  );
}

function finalRow(line: Line, change: (wanted: Wanted) => void): Row {
  return {
    key: "final",
    label: t("row.final"),
    stretches: line.final,
    onPick: (stretch) => change({ what: "look", stretch }),
    ...(line.may_change ? { onDraw: (from: number, to: number) => change({ what: "override", from, to }) } : {}),
  };
}

/** What comes of all, then each rule by itself, in the order in which they go before one another. */
function rowsOf(line: Line, change: (wanted: Wanted) => void): Row[] {
  const byHand = (override: boolean): Stretch[] =>
    line.shifts
      .filter((one) => (one.override ?? false) === override)
      .map((one) => ({ ...one, rule: override ? "override" : "shift", source: one.id }));
  const look = (stretch: Stretch): void => change({ what: "look", stretch });
  const draw = line.may_change;
  return [
    finalRow(line, change),
    {
      key: "override",
      label: t("row.override"),
      stretches: byHand(true),
      partly: true,
      onPick: look,
      ...(draw ? { onDraw: (from: number, to: number) => change({ what: "override", from, to }) } : {}),
    },
    {
      key: "shift",
      label: t("row.shift"),
      stretches: byHand(false),
      partly: true,
      onPick: look,
      ...(draw ? { onDraw: (from: number, to: number) => change({ what: "shift", from, to }) } : {}),
    },
    ...line.layers.map(
      (layer, nth): Row => ({
        key: `layer ${nth}`,
        label: t("row.layer", { n: nth + 1, name: layer.name }),
        stretches: layer.stretches,
        partly: true,
        onPick: look,
      }),
    ),
  ];
}
