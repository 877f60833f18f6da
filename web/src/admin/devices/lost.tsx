/** Devices that were reported as lost, and how far the order to lock or to wipe themselves has come. */

import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address } from "../state";
import { time } from "../words";
import { t } from "./words";

export function Lost() {
  const load = useLoad((signal) => ask("GET /v1/lost-devices", { query: { limit: 100 }, signal }));
  return (
    <section>
      <h2>{t("lost.title")}</h2>
      <Shown load={load} bare>
        {({ data }) => (
          <Table
            caption={t("lost.title")}
            rows={data}
            keyOf={(one) => `${one.device} ${one.requested_at}`}
            empty={t("lost.none")}
            columns={[
              {
                key: "name",
                head: t("name"),
                cell: (one) => <a href={address("devices", one.device)}>{one.name}</a>,
              },
              { key: "order", head: t("lost.order"), cell: (one) => t(`end.${one.order as "lock"}`) },
              {
                key: "state",
                head: t("state"),
                cell: (one) => <strong>{t(`order.${one.state as "requested"}`)}</strong>,
              },
              { key: "at", head: t("lost.at"), cell: (one) => time(one.requested_at, false) },
              { key: "why", head: t("end.why"), cell: (one) => one.why },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}
