/** Escalation: policies as ladders, drafts of them, and what each would do. */

import "../who/who.css";
import "./policies.css";
import { ask } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, go, place } from "../state";
import { t as common } from "../who/words";
import { Draft } from "./draft";
import { Policy } from "./policy";
import { count, t } from "./words";

export default function Policies() {
  const [what] = place.value.rest;
  if (!what) return <List />;
  return what.startsWith("drf_") ? <Draft key={what} id={what} /> : <Policy key={what} id={what} />;
}

function List() {
  const policies = useLoad((signal) => ask("GET /v1/policies", { query: { limit: 200 }, signal }));
  const drafts = useLoad((signal) => ask("GET /v1/policy-drafts", { query: { limit: 200 }, signal }));
  const form = useForm({ name: "" });
  return (
    <>
      <h1>{t("title")}</h1>
      <section>
        <h2>{t("list.title")}</h2>
        <Shown load={policies} bare>
          {({ data }) => (
            <Table
              caption={t("list.title")}
              rows={data}
              keyOf={(one) => one.id}
              empty={t("list.none")}
              columns={[
                {
                  key: "name",
                  head: t("name"),
                  value: (one) => one.name,
                  cell: (one) => (
                    <>
                      <a href={address("policies", one.id)}>
                        <bdi>{one.name}</bdi>
                      </a>{" "}
                      {one.disabled && <strong>{common("disabled")}</strong>}
                    </>
                  ),
                },
                { key: "steps", head: t("steps"), cell: (one) => one.steps.length, number: true },
                {
                  key: "units",
                  head: t("units"),
                  value: (one) => (one.units ?? []).join(" "),
                  cell: (one) => (one.units ?? []).join(", "),
                },
              ]}
            />
          )}
        </Shown>
      </section>
      <section>
        <h2>{t("drafts.title")}</h2>
        <Shown load={drafts} bare>
          {({ data }) => (
            <Table
              caption={t("drafts.title")}
              rows={data}
              keyOf={(one) => one.id}
              empty={t("drafts.none")}
              columns={[
                {
                  key: "name",
                  head: t("name"),
                  value: (one) => one.text.name,
                  cell: (one) => <a href={address("policies", one.id)}>{one.text.name}</a>,
                },
                { key: "note", head: t("note"), cell: (one) => one.note },
                { key: "steps", head: t("steps"), cell: (one) => count("n_steps", one.text.steps.length) },
              ]}
            />
          )}
        </Shown>
        <details>
          <summary>{t("new.title")}</summary>
          <p class="quiet">{t("new.about")}</p>
          <form
            onSubmit={form.submit(
              ({ name }, key) =>
                ask("POST /v1/policy-drafts", {
                  body: {
                    name: name.trim(),
                    steps: [
                      { targets: ["bed:primary"], wait_s: 60 },
                      { targets: ["desk"], wait_s: 60 },
                    ],
                  },
                  key,
                }),
              (made) => go("policies", made.id),
            )}
          >
            <Field form={form} name="name" label={t("name")} required />
            <Save form={form} label={t("new.begin")} />
          </form>
        </details>
      </section>
    </>
  );
}
