/** How the site is now: what needs somebody, what stands, and pictures of what it does. */

import type { AlarmOut, Coverage, FeedOut, FiguresOut, SiteOut } from "../../core/generated/api";
import { ask } from "../../core/rest";
import { Heat, Lines } from "../parts/charts";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { may } from "../state";
import { clock, t as frame, number, span, time } from "../words";
import { Topology } from "./topology";
import { count, t } from "./words";

const PRIORITIES = ["code", "high", "medium", "low"] as const;
const HOURS = 24;
const HOUR_MS = 3_600_000;
/** From how many seconds on a wait is worth a look: the first stages of `code`, `high` and `medium` are 3, 10, 30 s. */
const HEAT_S: [number, number, number] = [3, 10, 30];

/** What stands is asked for every ten seconds; the figures of a day, which cost the site more, once a minute. */
const STANDS_S = 10;
const FIGURES_S = 60;

interface Stands {
  site: SiteOut;
  coverage: Coverage;
  alarms: AlarmOut[];
}

export default function Overview() {
  const load = useLoad(
    async (signal): Promise<Stands> => {
      const [site, coverage, alarms] = await Promise.all([
        ask("GET /v1/site", { signal }),
        ask("GET /v1/coverage", { query: {}, signal }),
        may("alarm.read") ? ask("GET /v1/alarms", { query: { limit: 200 }, signal }) : { data: [] },
      ]);
      return { site, coverage, alarms: alarms.data };
    },
    [],
    STANDS_S,
  );
  const figures = useLoad((signal) => ask("GET /v1/figures", { query: { hours: HOURS }, signal }), [], FIGURES_S);
  return (
    <>
      <h1>{t("title")}</h1>
      <Shown load={load}>
        {(stands) => (
          <>
            <Tiles stands={stands} figures={figures.now.value.value} />
            {may("alarm.read") && <Alarms alarms={stands.alarms} again={load.again} />}
            <section>
              <h2>{t("site.title")}</h2>
              <Warnings site={stands.site} />
              <Topology site={stands.site} />
            </section>
          </>
        )}
      </Shown>
      <section>
        <Shown load={figures}>
          {(found) => (
            <>
              <Traffic figures={found} />
              <Waits figures={found} />
            </>
          )}
        </Shown>
      </section>
      <Shown load={load} bare>
        {(stands) => (
          <>
            <Feeds feeds={stands.site.look.feeds} />
            <Gaps coverage={stands.coverage} />
          </>
        )}
      </Shown>
    </>
  );
}

function Tiles({ stands: { site, coverage, alarms }, figures }: { stands: Stands; figures: FiguresOut | null }) {
  const stored = figures?.traffic.reduce((sum, one) => sum + one.stored, 0);
  const worst = Math.max(-1, ...(figures?.waits ?? []).map((one) => one.most_s ?? -1));
  const tiles: [string, string, boolean?][] = [
    [t("tiles.serving"), t(site.serving ? "tiles.serving.yes" : "tiles.serving.no"), !site.serving],
    [t("tiles.stored"), stored === undefined ? "–" : number(stored)],
    [t("tiles.waited"), worst < 0 ? t("tiles.none") : span(worst * 1_000)],
    [t("tiles.devices"), t("tiles.devices.of", { heard: site.devices.heard, all: site.devices.registered })],
    [
      t("tiles.coverage"),
      t("tiles.devices.of", { heard: coverage.covered_now, all: coverage.scheduled }),
      coverage.covered_now < coverage.scheduled,
    ],
    ...(may("alarm.read")
      ? [[t("tiles.alarms"), number(alarms.length), alarms.length > 0] as [string, string, boolean]]
      : []),
  ];
  return (
    <ul class="tiles">
      {tiles.map(([label, value, bad]) => (
        <li key={label}>
          <span class="quiet">{label}</span>
          <strong class={bad ? "late" : undefined}>{value}</strong>
        </li>
      ))}
    </ul>
  );
}

function Warnings({ site }: { site: SiteOut }) {
  const { look } = site;
  const said = [
    !look.attended && t("site.desk"),
    look.conservation === "broken" && t("site.broken"),
    look.room !== "ample" && t("site.disk", { share: `${number(100 * (look.disk_free ?? 0))} %` }),
    look.deadlines_late > 0 && t("site.late", { n: look.deadlines_late }),
  ].filter((one) => one !== false);
  return said.map((one) => (
    <p key={one} class="stale">
      {one}
    </p>
  ));
}

function Traffic({ figures }: { figures: FiguresOut }) {
  const slot = figures.slot_s * 1_000;
  const begin = Date.parse(figures.since);
  const slots = Math.max(1, Math.ceil((Date.parse(figures.until) - begin) / slot));
  const counts = new Map(figures.traffic.map((one) => [`${Date.parse(one.at)} ${one.priority}`, one.stored]));
  const instants = Array.from({ length: slots }, (_, nth) => begin + nth * slot);
  const stored = figures.traffic.reduce((sum, one) => sum + one.stored, 0);
  return (
    <Lines
      title={t("traffic.title")}
      about={count("traffic.about", stored, { all: number(stored), hours: HOURS, slot: figures.slot_s / 60 })}
      over={t("traffic.over")}
      labels={instants.map(clock)}
      full={instants.map((at) => time(at, false))}
      series={PRIORITIES.map((priority) => ({
        name: frame(`priority.${priority}`),
        values: instants.map((at) => counts.get(`${at} ${priority}`) ?? 0),
      }))}
      words={(value) => number(value, 1)}
    />
  );
}

function Waits({ figures }: { figures: FiguresOut }) {
  const begin = Date.parse(figures.since);
  const hours = Math.max(1, Math.ceil((Date.parse(figures.until) - begin) / HOUR_MS));
  const most = new Map(figures.waits.map((one) => [`${Date.parse(one.at)} ${one.priority}`, one.most_s]));
  const instants = Array.from({ length: hours }, (_, nth) => begin + nth * HOUR_MS);
  return (
    <Heat
      title={t("heat.title")}
      about={t("heat.about")}
      corner={t("traffic.over")}
      rows={PRIORITIES.map((priority) => frame(`priority.${priority}`))}
      columns={instants.map(clock)}
      full={instants.map((at) => time(at, false))}
      values={PRIORITIES.map((priority) => instants.map((at) => most.get(`${at} ${priority}`) ?? null))}
      steps={HEAT_S}
      words={(s) => span(s * 1_000)}
    />
  );
}

function Feeds({ feeds }: { feeds: FeedOut[] }) {
  const quiet = (feed: FeedOut): boolean => feed.silent_s > feed.allowed_s;
  return (
    <section>
      <h2>{t("feeds.title")}</h2>
      <Table
        caption={t("feeds.title")}
        rows={feeds}
        keyOf={(feed) => feed.name}
        empty={t("feeds.none")}
        columns={[
          { key: "name", head: t("feeds.name"), value: (feed) => feed.name, cell: (feed) => <bdi>{feed.name}</bdi> },
          {
            key: "state",
            head: t("feeds.state"),
            value: (feed) => (quiet(feed) ? 0 : 1),
            cell: (feed) => (quiet(feed) ? <span class="late">{t("feeds.quiet")}</span> : t("feeds.heard")),
          },
          {
            key: "silent",
            head: t("feeds.silent"),
            number: true,
            value: (feed) => feed.silent_s,
            cell: (feed) => span(feed.silent_s * 1_000),
          },
          {
            key: "allowed",
            head: t("feeds.allowed"),
            number: true,
            value: (feed) => feed.allowed_s,
            cell: (feed) => span(feed.allowed_s * 1_000),
          },
        ]}
      />
    </section>
  );
}

function Gaps({ coverage }: { coverage: Coverage }) {
  return (
    <section>
      <h2>{t("coverage.title")}</h2>
      <Table
        caption={t("coverage.title")}
        rows={coverage.data}
        keyOf={(gap) => `${gap.role} ${gap.starts_at}`}
        empty={t("coverage.none")}
        columns={[
          { key: "role", head: t("coverage.role"), value: (gap) => gap.name, cell: (gap) => <bdi>{gap.name}</bdi> },
          {
            key: "from",
            head: t("coverage.from"),
            when: true,
            value: (gap) => Date.parse(gap.starts_at),
            cell: (gap) => time(gap.starts_at, false),
          },
          {
            key: "until",
            head: t("coverage.until"),
            when: true,
            value: (gap) => Date.parse(gap.ends_at),
            cell: (gap) => time(gap.ends_at, false),
          },
          {
            key: "answers",
            head: t("coverage.answers"),
            cell: (gap) =>
              gap.answers.length ? <bdi>{gap.answers.join(", ")}</bdi> : <b class="late">{t("coverage.nobody")}</b>,
          },
        ]}
      />
    </section>
  );
}

/** The repairs list: what Wardwire itself has found to be wrong. */
function Alarms({ alarms, again }: { alarms: AlarmOut[]; again: () => void }) {
  const take = async (alarm: AlarmOut): Promise<void> => {
    await ask("POST /v1/alarms/{alarm_id}/take", { path: { alarm_id: alarm.id } }).catch(() => undefined);
    again(); // it says what became of it
  };
  return (
    <section>
      <h2>{t("alarms.title")}</h2>
      <Table
        caption={t("alarms.title")}
        rows={alarms}
        keyOf={(alarm) => alarm.id}
        empty={t("alarms.none")}
        columns={[
          {
            key: "what",
            head: t("alarms.what"),
            value: (alarm) => `${alarm.kind} ${alarm.subject}`,
            cell: (alarm) => (
              <>
                <strong>{alarm.kind.replaceAll("_", " ")}</strong> <bdi>{alarm.subject}</bdi>
                <p class="quiet">{alarm.detail}</p>
              </>
            ),
          },
          {
            key: "since",
            head: t("alarms.since"),
            when: true,
            value: (alarm) => Date.parse(alarm.raised_at),
            cell: (alarm) => time(alarm.raised_at),
          },
          {
            key: "taken",
            head: t("alarms.taken"),
            value: (alarm) => alarm.taken_by ?? "",
            cell: (alarm) =>
              alarm.taken_by || (
                <>
                  <p>{t("alarms.nobody")}</p>
                  {may("alarm.take") && (
                    <button type="button" onClick={() => void take(alarm)}>
                      {t("alarms.take")}
                    </button>
                  )}
                </>
              ),
          },
        ]}
      />
    </section>
  );
}
