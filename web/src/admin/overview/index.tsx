/** How the site is now: what needs somebody, and pictures of what it does. */

import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { time } from "../words";
import { t } from "./words";

export default function Overview() {
  return (
    <>
      <h1>{t("title")}</h1>
      <Alarms />
    </>
  );
}

/** The repairs list: what Wardwire itself has found to be wrong. */
function Alarms() {
  const load = useLoad((signal) => ask("GET /v1/alarms", { query: {}, signal }));
  return (
    <section>
      <h2>{t("alarms.title")}</h2>
      <Shown load={load}>
        {({ data }) => (
          <Table
            caption={t("alarms.title")}
            rows={data}
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
                value: (alarm) => Date.parse(alarm.raised_at),
                cell: (alarm) => time(alarm.raised_at),
              },
              {
                key: "taken",
                head: t("alarms.taken"),
                value: (alarm) => alarm.taken_by ?? "",
                cell: (alarm) => alarm.taken_by || t("alarms.nobody"),
              },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}
