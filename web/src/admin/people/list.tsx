/** Who there is: page by page, or whoever has the letters that were typed. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { type Answer, ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, may, place, show } from "../state";
import { t as common } from "../who/words";
import { t } from "./words";

type One = Answer<"GET /v1/people">["data"][number];

export function List() {
  const typed = useSignal(place.peek().query.get("q") ?? "");
  const field = useId();
  const q = place.value.query.get("q") ?? "";
  return (
    <>
      <h1>{t("title")}</h1>
      <form
        class="filter"
        onSubmit={(event) => {
          event.preventDefault();
          show({ q: typed.value.trim() });
        }}
      >
        <label for={field}>{t("list.find")}</label>
        <input
          id={field}
          type="search"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            if (!typed.value) show({ q: "" });
          }}
        />
        <button type="submit">{t("list.search")}</button>
        {may("directory.write") && (
          <>
            <a class="button" href={address("people", "new")}>
              {t("new.title")}
            </a>
            <a class="button" href={address("people", "import")}>
              {t("roster.title")}
            </a>
          </>
        )}
      </form>
      {q ? <Hits key={q} q={q} /> : <All />}
    </>
  );
}

function All() {
  const pages = useSignal<One[][]>([]);
  const load = useLoad(async (signal) => {
    const page = await ask("GET /v1/people", { query: { limit: 100 }, signal });
    pages.value = [page.data];
    return page.next;
  });
  const next = useSignal<string | null | undefined>(undefined);
  const follows = next.value === undefined ? load.now.value.value : next.value;
  const more = async (): Promise<void> => {
    const page = await ask("GET /v1/people", { query: { limit: 100, after: follows ?? "" } });
    pages.value = [...pages.value, page.data];
    next.value = page.next;
  };
  if (load.now.value.value === null && pages.value.length === 0) return <Shown load={load}>{() => null}</Shown>;
  return (
    <section>
      <Table
        caption={t("title")}
        rows={pages.value.flat()}
        keyOf={(one) => one.id}
        empty={t("list.empty")}
        more={follows ? () => void more() : null}
        columns={[
          {
            key: "name",
            head: t("name"),
            value: (one) => one.sort || one.name,
            cell: (one) => (
              <a href={address("people", one.id)}>
                <bdi>{one.name}</bdi>
              </a>
            ),
          },
          { key: "title", head: t("job"), value: (one) => one.title, cell: (one) => one.title },
          {
            key: "departments",
            head: t("departments"),
            value: (one) => one.departments.join(" "),
            cell: (one) => one.departments.join(", "),
          },
          {
            key: "status",
            head: t("status"),
            value: (one) => (one.disabled ? common("disabled") : t(`status.${one.status as "off"}`)),
            cell: (one) =>
              one.disabled ? <strong>{common("disabled")}</strong> : t(`status.${one.status as "off"}`),
          },
          {
            key: "devices",
            head: t("devices"),
            value: (one) => one.devices.length,
            cell: (one) => one.devices.length,
            number: true,
          },
        ]}
      />
    </section>
  );
}

function Hits({ q }: { q: string }) {
  const load = useLoad((signal) => ask("GET /v1/search", { query: { q, kind: "person", limit: 50 }, signal }), [q]);
  return (
    <section>
      <Shown load={load} bare>
        {({ data }) => (
          <Table
            caption={t("title")}
            rows={data}
            keyOf={(one) => one.id}
            empty={t("list.none", { q })}
            columns={[
              {
                key: "name",
                head: t("name"),
                value: (one) => one.name,
                cell: (one) => (
                  <a href={address("people", one.id)}>
                    <bdi>{one.name}</bdi>
                  </a>
                ),
              },
              { key: "title", head: t("job"), value: (one) => one.title ?? "", cell: (one) => one.title },
              { key: "where", head: t("where"), value: (one) => one.where ?? "", cell: (one) => one.where },
              {
                key: "on_call",
                head: t("on_call"),
                value: (one) => (one.on_call ?? []).join(" "),
                cell: (one) => (one.on_call ?? []).join(", "),
              },
              {
                key: "reach",
                head: t("reach"),
                value: (one) => one.reach ?? "",
                cell: (one) => (one.reach === "none" ? <strong>{t("reach.none")}</strong> : one.reach),
              },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}
