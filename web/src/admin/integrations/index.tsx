/** Other systems that speak to us: their listeners, and of each the mapping table, a tester, and what was not taken. */

import type { DoorOut, ListenerOut } from "../../core/generated/api";
import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, place } from "../state";
import { number, span } from "../words";
import { Letters } from "./letters";
import { Mapping } from "./mapping";
import { t } from "./words";

export default function Integrations() {
  const [listener] = place.value.rest;
  if (!listener) return <List />;
  return (
    <>
      <h1>{listener}</h1>
      <p>
        <a href="#/integrations">{t("back")}</a>
      </p>
      <Mapping listener={listener} key={listener} />
      <Letters listener={listener} />
    </>
  );
}

type Row = ListenerOut & { door: DoorOut | undefined };

function List() {
  const load = useLoad(async (signal): Promise<Row[]> => {
    const [listeners, site] = await Promise.all([
      ask("GET /v1/integrations", { signal }),
      ask("GET /v1/site", { signal }),
    ]);
    return listeners.data.map((one) => ({ ...one, door: site.look.doors.find((door) => door.name === one.name) }));
  });
  const counted = (key: "received" | "taken" | "refused" | "later") => ({
    key,
    head: t(`list.${key}`),
    number: true,
    value: (row: Row) => row.door?.[key] ?? -1,
    cell: (row: Row) => (row.door ? number(row.door[key]) : "–"),
  });
  return (
    <>
      <h1>{t("title")}</h1>
      <section>
        <h2>{t("list.title")}</h2>
        <p class="quiet">{t("list.about")}</p>
        <Shown load={load}>
          {(rows) => (
            <Table
              caption={t("list.title")}
              rows={rows}
              keyOf={(row) => row.name}
              empty={t("list.none")}
              columns={[
                {
                  key: "name",
                  head: t("list.name"),
                  value: (row) => row.name,
                  cell: (row) => (
                    <>
                      <a href={address("integrations", row.name)}>{row.name}</a>
                      <br />
                      <small class="quiet">{row.address}</small>
                    </>
                  ),
                },
                { key: "state", head: t("list.state"), value: (row) => row.door?.state ?? "", cell: state },
                {
                  key: "heard",
                  head: t("list.heard"),
                  value: (row) => row.door?.heard_age_s ?? Number.MAX_VALUE,
                  cell: heard,
                },
                counted("received"),
                counted("taken"),
                counted("refused"),
                counted("later"),
                {
                  key: "letters",
                  head: t("list.letters"),
                  number: true,
                  value: (row) => row.letters,
                  cell: (row) => (row.letters ? <b class="late">{number(row.letters)}</b> : "0"),
                },
              ]}
            />
          )}
        </Shown>
      </section>
    </>
  );
}

function state({ door }: Row) {
  if (!door) return t("state.unknown");
  return door.state === "open" ? t("state.open") : <b class="late">{t("state.shut", { why: door.why })}</b>;
}

function heard({ door }: Row): string {
  const age = door?.heard_age_s;
  return age === null || age === undefined ? t("list.never") : t("list.ago", { span: span(age * 1_000) });
}
