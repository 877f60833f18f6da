/** Reports of a time: how soon people were reached and answered, who did not, what was sent, and drills. */

import { saveFile, writeCsv } from "../../core/csv";
import type { ResponseGroup, ResponseReport } from "../../core/generated/api";
import { ask } from "../../core/rest";
import { Bars, Lines } from "../parts/charts";
import { Empty } from "../parts/faces";
import { Field, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { type Column, Table } from "../parts/table";
import { readLocal, writeLocal } from "../parts/when";
import { may, place, show } from "../state";
import { t as frame, isKey as isFrame, number, span } from "../words";
import { Drills } from "./drills";
import { count, t } from "./words";

const KEYS = ["priority", "role", "unit", "day"] as const;
/** More bars than this are not read; the table has them all. */
const MOST_BARS = 20;

export default function Reports() {
  const { query } = place.value;
  const asked = { since: query.get("since") ?? "", until: query.get("until") ?? "" };
  const by = query.get("by") ?? "priority";
  const about = [query.toString()];
  const responses = useLoad(
    (signal) => ask("GET /v1/reports/responses", { query: { ...asked, by }, signal, timeoutMs: 25_000 }),
    about,
  );
  const usage = useLoad((signal) => ask("GET /v1/reports/usage", { query: asked, signal, timeoutMs: 25_000 }), about);
  return (
    <>
      <h1>{t("title")}</h1>
      <Choose by={by} since={asked.since} until={asked.until} />
      <section>
        <h2>{t("responses.title")}</h2>
        <p class="quiet">{t("responses.about")}</p>
        <Shown load={responses}>{(report) => <Responses report={report} />}</Shown>
      </section>
      <section>
        <h2>{t("usage.title")}</h2>
        <Shown load={usage} bare>
          {({ data }) =>
            data.length === 0 ? (
              <Empty>{t("usage.none")}</Empty>
            ) : (
              <Lines
                title={t("usage.messages")}
                about={t("usage.about")}
                over={t("usage.day")}
                labels={data.map((one) => one.day)}
                series={[
                  { name: t("usage.alerts"), values: data.map((one) => one.alerts) },
                  { name: t("usage.chats"), values: data.map((one) => one.chats) },
                  { name: t("usage.senders"), values: data.map((one) => one.senders) },
                  { name: t("usage.systems"), values: data.map((one) => one.systems) },
                ]}
                words={(value) => number(value, 1)}
              />
            )
          }
        </Shown>
      </section>
      {may("alert.read") && <Drills />}
    </>
  );
}

function Choose({ by, since, until }: { by: string; since: string; until: string }) {
  const form = useForm({ by, since: since && writeLocal(since), until: until && writeLocal(until) }, false);
  const choose = (event: Event): void => {
    event.preventDefault();
    const typed = form.values.value;
    show({ by: typed.by, since: readLocal(typed.since) ?? "", until: readLocal(typed.until) ?? "" });
  };
  return (
    <form class="row" onSubmit={choose}>
      <Field form={form} name="since" label={t("since")} type="datetime-local" />
      <Field form={form} name="until" label={t("until")} type="datetime-local" />
      <Field form={form} name="by" label={t("by")} options={KEYS.map((key) => [key, t(`by.${key}`)] as const)} />
      <p class="buttons">
        <button type="submit" class="first">
          {t("go")}
        </button>
      </p>
    </form>
  );
}

const nameOf = (group: ResponseGroup): string => {
  const priority = `priority.${group.key}`;
  return isFrame(priority) ? frame(priority) : group.name || t("responses.other");
};
const seconds = (s: number | null): string => (s === null ? "–" : span(s * 1_000));

function Responses({ report }: { report: ResponseReport }) {
  const groups = report.data;
  if (groups.length === 0) return <Empty>{t("responses.none")}</Empty>;
  const byHand = groups.reduce((sum, group) => sum + (group.paper ?? 0), 0);
  const head: [string, string] = [t("responses.key"), t("responses.seconds")];
  const bars = (value: (group: ResponseGroup) => number | null) =>
    groups
      .filter((group) => value(group) !== null)
      .slice(0, MOST_BARS)
      .map((group) => ({ label: nameOf(group), value: value(group) ?? 0, words: seconds(value(group)) }));
  return (
    <>
      <Bars
        title={t("responses.delivered")}
        about={t("responses.delivered.about")}
        head={head}
        bars={bars((group) => group.delivered_most_s)}
      />
      <Bars
        title={t("responses.answered")}
        about={t("responses.answered.about")}
        head={head}
        bars={bars((group) => group.answered_most_s)}
      />
      <Bars
        title={t("unanswered.title")}
        about={t("unanswered.about")}
        head={[t("responses.key"), t("unanswered.head")]}
        bars={groups.slice(0, MOST_BARS).map((group) => ({
          label: nameOf(group),
          value: group.asked - group.answered,
          words: `${number(group.asked - group.answered)} / ${number(group.asked)}`,
        }))}
      />
      <button type="button" onClick={() => saveFile(`responses-${report.by}.csv`, "text/csv", csvOf(report))}>
        {t("csv")}
      </button>
      <Table
        caption={t("responses.title")}
        rows={groups}
        keyOf={(group) => group.key}
        empty=""
        filter
        columns={columns()}
      />
      {byHand > 0 && <p class="quiet">{count("responses.paper", byHand)}</p>}
    </>
  );
}

function columns(): Column<ResponseGroup>[] {
  const counted = (key: string, head: string, value: (group: ResponseGroup) => number): Column<ResponseGroup> => ({
    key,
    head,
    number: true,
    value,
    cell: (group) => number(value(group)),
  });
  const timed = (key: string, head: string, value: (group: ResponseGroup) => number | null) => ({
    key,
    head,
    number: true,
    value: (group: ResponseGroup) => value(group) ?? Number.MAX_VALUE,
    cell: (group: ResponseGroup) => seconds(value(group)),
  });
  return [
    { key: "key", head: t("responses.key"), value: nameOf, cell: (group) => <bdi>{nameOf(group)}</bdi> },
    counted("people", t("responses.people"), (group) => group.people),
    counted("reached", t("responses.reached"), (group) => group.reached),
    counted("unanswered", t("responses.unanswered"), (group) => group.asked - group.answered),
    timed("delivered_half", t("responses.delivered_half"), (group) => group.delivered_half_s),
    timed("delivered_most", t("responses.delivered_most"), (group) => group.delivered_most_s),
    timed("answered_half", t("responses.answered_half"), (group) => group.answered_half_s),
    timed("answered_most", t("responses.answered_most"), (group) => group.answered_most_s),
  ];
}

function csvOf(report: ResponseReport): string {
  const head = ["key", "name", "people", "reached", "asked", "answered"];
  const times = ["delivered_half_s", "delivered_most_s", "answered_half_s", "answered_most_s"] as const;
  const lines = report.data.map((group) => [
    group.key,
    nameOf(group),
    group.people,
    group.reached,
    group.asked,
    group.answered,
    ...times.map((name) => group[name] ?? ""),
    group.paper ?? 0,
  ]);
  return writeCsv([[...head, ...times, "paper"], ...lines]);
}
