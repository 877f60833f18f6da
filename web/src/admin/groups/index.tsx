/** Groups: people by name, groups within, and whoever a rule finds; looked at before they are saved. */

import "../who/who.css";
import { type Answer, ask } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, go, may, place } from "../state";
import { t as common } from "../who/words";
import { Group } from "./group";
import { t } from "./words";

export type GroupOut = Answer<"GET /v1/groups/{group_id}">;

export default function Groups() {
  const [id] = place.value.rest;
  return id ? <Group key={id} id={id} /> : <List />;
}

function List() {
  const load = useLoad((signal) => ask("GET /v1/groups", { query: { limit: 200 }, signal }));
  const form = useForm({ name: "" });
  return (
    <>
      <h1>{t("title")}</h1>
      <section>
        <Shown load={load} bare>
          {({ data }) => (
            <Table
              caption={t("title")}
              rows={data}
              keyOf={(one) => one.id}
              empty={t("none")}
              filter
              columns={[
                {
                  key: "name",
                  head: t("name"),
                  value: (one) => one.name,
                  cell: (one) => (
                    <>
                      <a href={address("groups", one.id)}>
                        <bdi>{one.name}</bdi>
                      </a>{" "}
                      {one.disabled && <strong>{common("disabled")}</strong>}
                    </>
                  ),
                },
                {
                  key: "people",
                  head: t("people"),
                  value: (one) => one.people_count,
                  cell: (one) => one.people_count,
                  number: true,
                },
                {
                  key: "members",
                  head: t("by_name"),
                  value: (one) => one.member_count,
                  cell: (one) => one.member_count,
                  number: true,
                },
              ]}
            />
          )}
        </Shown>
      </section>
      {may("directory.write") && (
        <section>
          <details>
            <summary>{t("new")}</summary>
            <form
              onSubmit={form.submit(
                ({ name }, key) => ask("POST /v1/groups", { body: { name: name.trim() }, key }),
                (made) => go("groups", made.id),
              )}
            >
              <Field form={form} name="name" label={t("name")} required />
              <Save form={form} label={common("add")} />
            </form>
          </details>
        </section>
      )}
    </>
  );
}
