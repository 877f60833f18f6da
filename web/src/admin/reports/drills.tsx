/** How the drills of the last week went. */

import { ask } from "../../core/rest";
import { useMore } from "../parts/more";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { Tag } from "../parts/tag";
import { address } from "../state";
import { span, time } from "../words";
import { t } from "./words";

export function Drills() {
  const load = useMore((after, signal) => ask("GET /v1/drills", { query: { limit: 50, ...after }, signal }));
  return (
    <section>
      <h2>{t("drills.title")}</h2>
      <Shown load={load} bare>
        {(drills) => (
          <Table
            caption={t("drills.title")}
            rows={drills}
            keyOf={(drill) => drill.message}
            empty={t("drills.none")}
            more={load.more}
            columns={[
              {
                key: "at",
                head: t("drills.at"),
                when: true,
                value: (drill) => Date.parse(drill.began_at),
                cell: (drill) => <a href={address("messages", drill.message)}>{time(drill.began_at)}</a>,
              },
              {
                key: "what",
                head: t("drills.what"),
                value: (drill) => drill.policy,
                cell: (drill) => (
                  <>
                    <Tag priority={drill.priority} />{" "}
                    <bdi>{[drill.policy, drill.unit].filter(Boolean).join(", ")}</bdi>
                  </>
                ),
              },
              {
                key: "needed",
                head: t("drills.needed"),
                number: true,
                value: (drill) => drill.answered_s ?? Number.MAX_VALUE,
                cell: (drill) => (drill.answered_s ? span(drill.answered_s * 1_000) : t("drills.never")),
              },
              {
                key: "accepted",
                head: t("drills.accepted"),
                number: true,
                cell: (drill) => `${drill.accepted} / ${drill.called}`,
              },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}
