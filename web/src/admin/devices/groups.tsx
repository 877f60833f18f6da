/** Groups of devices that are set alike. */

import { ask } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, may } from "../state";
import { t as common } from "../who/words";
import { t } from "./words";

export function Groups() {
  const load = useLoad((signal) => ask("GET /v1/device-groups", { query: { limit: 200 }, signal }));
  const form = useForm({ name: "" });
  return (
    <section>
      <h2>{t("groups.title")}</h2>
      <Shown load={load} bare>
        {({ data }) => (
          <Table
            caption={t("groups.title")}
            rows={data}
            keyOf={(one) => one.id}
            empty={t("groups.none")}
            columns={[
              {
                key: "name",
                head: t("name"),
                value: (one) => one.name,
                cell: (one) => (
                  <>
                    <bdi>{one.name}</bdi> {one.disabled && <strong>{common("disabled")}</strong>}
                  </>
                ),
              },
              {
                key: "settings",
                head: t("settings.title"),
                cell: (one) =>
                  may("directory.write") && (
                    <a href={address("devices", "group", one.id)}>
                      {t("groups.settings")}
                      <span class="hidden"> {one.name}</span>
                    </a>
                  ),
              },
            ]}
          />
        )}
      </Shown>
      {may("directory.write") && (
        <details>
          <summary>{t("groups.new")}</summary>
          <form
            onSubmit={form.submit(
              (body, key) => ask("POST /v1/device-groups", { body, key }),
              () => {
                form.reset({ name: "" });
                load.again();
              },
            )}
          >
            <Field form={form} name="name" label={t("name")} required />
            <Save form={form} label={common("add")} />
          </form>
        </details>
      )}
    </section>
  );
}
