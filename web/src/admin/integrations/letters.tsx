/** What a listener could not take: that it is there, since when, and where; never what it says. */

import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { number, time } from "../words";
import { t } from "./words";

export function Letters({ listener }: { listener: string }) {
  const load = useLoad(
    (signal) => ask("GET /v1/integrations/{listener}/letters", { path: { listener }, signal }),
    [listener],
  );
  return (
    <section>
      <h2>{t("letters.title")}</h2>
      <Shown load={load}>
        {({ folder, data }) => (
          <>
            {data.length > 0 && <p class="quiet">{t("letters.about", { folder })}</p>}
            <Table
              caption={t("letters.title")}
              rows={data}
              keyOf={(letter) => letter.file}
              empty={t("letters.none")}
              columns={[
                {
                  key: "at",
                  head: t("letters.at"),
                  when: true,
                  value: (letter) => Date.parse(letter.kept_at),
                  cell: (letter) => time(letter.kept_at),
                },
                {
                  key: "bytes",
                  head: t("letters.bytes"),
                  number: true,
                  value: (letter) => letter.bytes,
                  cell: (letter) => number(letter.bytes),
                },
                { key: "file", head: t("letters.file"), cell: (letter) => <code>{letter.file}</code> },
              ]}
            />
          </>
        )}
      </Shown>
    </section>
  );
}
