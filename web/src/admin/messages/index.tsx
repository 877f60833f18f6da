/** Messages and their ways: which there were, and for each what was promised and what happened. */

import { ask, type Line } from "../../core/rest";
import { Field, useForm } from "../parts/form";
import { useMore } from "../parts/more";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { Tag } from "../parts/tag";
import { readLocal, writeLocal } from "../parts/when";
import { address, go, place, show } from "../state";
import { t as common, span, time } from "../words";
import { Trace } from "./trace";
import { t, word } from "./words";

type Row = Line<"GET /v1/traces">;
const PRIORITIES = ["code", "high", "medium", "low"] as const;

export default function Messages() {
  const [id] = place.value.rest;
  return id ? <Trace id={id} key={id} /> : <List />;
}

function List() {
  const { query } = place.value;
  const asked = {
    until: query.get("until") ?? "",
    priority: query.get("priority") ?? "",
    person: query.get("person") ?? "",
  };
  const load = useMore(
    (after, signal) => ask("GET /v1/traces", { query: { ...asked, limit: 100, ...after }, signal }),
    [query.toString()],
  );
  return (
    <>
      <h1>{t("title")}</h1>
      <p class="quiet">{t("about")}</p>
      <Find />
      <section>
        <Shown load={load}>
          {(rows) => (
            <Table
              caption={t("title")}
              rows={rows}
              keyOf={(row) => row.id}
              empty={t("empty")}
              more={load.more}
              page={100}
              columns={[
                {
                  key: "stored",
                  head: t("head.stored"),
                  when: true,
                  value: (row) => Date.parse(row.stored_at),
                  cell: (row) => <a href={address("messages", row.id)}>{time(row.stored_at)}</a>,
                },
                {
                  key: "priority",
                  head: t("head.priority"),
                  value: (row) => PRIORITIES.indexOf(row.priority as "code"),
                  cell: (row) => <Tag priority={row.priority} />,
                },
                {
                  key: "from",
                  head: t("head.from"),
                  value: from,
                  cell: (row) => <bdi>{row.paper ? `${from(row)} (${t("paper")})` : from(row)}</bdi>,
                },
                {
                  key: "delivered",
                  head: t("head.delivered"),
                  number: true,
                  value: (row) => row.delivered_s ?? Number.MAX_VALUE,
                  cell: (row) => after(row.delivered_s),
                },
                {
                  key: "answered",
                  head: t("head.answered"),
                  number: true,
                  value: (row) => row.answered_s ?? Number.MAX_VALUE,
                  cell: (row) => after(row.answered_s),
                },
                { key: "state", head: t("head.state"), value: standing, cell: standing },
              ]}
            />
          )}
        </Shown>
      </section>
    </>
  );
}

const from = (row: Row): string => row.sender.name || row.sender.source || row.sender.person || "";

const after = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined ? t("none.delivered") : span(seconds * 1_000);

function standing(row: Row): string {
  const reached = t("state.people", { reached: row.reached, people: row.people, answered: row.answered });
  const ended = row.ended_at ? t("state.ended", { why: word("end", row.ended_why ?? "") }) : t("state.open");
  return `${reached}; ${ended}`;
}

function Find() {
  const { query } = place.value;
  const until = query.get("until");
  const form = useForm(
    {
      id: "",
      person: query.get("person") ?? "",
      until: until ? writeLocal(until) : "",
      priority: query.get("priority") ?? "",
    },
    false,
  );
  const find = (event: Event): void => {
    event.preventDefault();
    const { id, person, until, priority } = form.values.value;
    form.reset({ ...form.values.value, id: "" });
    if (id.trim()) go("messages", id.trim());
    else show({ person: person.trim(), until: readLocal(until) ?? "", priority });
  };
  return (
    <form class="row" onSubmit={find} aria-label={t("find")}>
      <Field form={form} name="id" label={t("find.id")} />
      <Field form={form} name="person" label={t("find.person")} />
      <Field form={form} name="until" label={t("find.until")} type="datetime-local" />
      <Field
        form={form}
        name="priority"
        label={t("find.priority")}
        options={[["", t("find.any")], ...PRIORITIES.map((one) => [one, common(`priority.${one}`)] as const)]}
      />
      <p class="buttons">
        <button type="submit">{t("find.go")}</button>
      </p>
    </form>
  );
}
