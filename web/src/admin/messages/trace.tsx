/** The way of one message on one page: what was promised beside what happened, each person, and step by step. */

import { useSignal } from "@preact/signals";
import { saveFile } from "../../core/csv";
import type { Foretold, Hop, Promise as Kept, Story } from "../../core/generated/api";
import { language } from "../../core/i18n/language";
import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { Tag } from "../parts/tag";
import { span, time } from "../words";
import { promised, t, word } from "./words";

export function Trace({ id }: { id: string }) {
  const load = useLoad(
    (signal) => ask("GET /v1/messages/{message_id}/trace", { path: { message_id: id }, signal }),
    [id, language.value],
  );
  return (
    <>
      <h1>{t("trace.title")}</h1>
      <p>
        <a href="#/messages">{t("trace.back")}</a>
      </p>
      <Shown load={load}>{(story) => <Told story={story} />}</Shown>
    </>
  );
}

function Told({ story }: { story: Story }) {
  const copied = useSignal(false);
  const who = story.sender.name || story.sender.source || "";
  return (
    <>
      <section>
        <p>
          <Tag priority={story.priority} /> {t("trace.stored", { who, time: time(story.stored_at) })}
        </p>
        {story.ended_at && (
          <p>{t("trace.ended", { time: time(story.ended_at), why: word("end", story.ended_why ?? "") })}</p>
        )}
        {story.told_all === false && <p class="stale">{t("trace.part")}</p>}
        <p>
          <code>{story.message}</code>
        </p>
        <div class="buttons">
          <button
            type="button"
            onClick={() =>
              void navigator.clipboard.writeText(location.href).then(() => {
                copied.value = true;
              })
            }
          >
            {t("trace.copy")}
          </button>
          <button
            type="button"
            onClick={() => saveFile(`${story.message}.json`, "application/json", JSON.stringify(story, null, 2))}
          >
            {t("trace.json")}
          </button>
          <span role="status">{copied.value ? t("trace.copied") : ""}</span>
        </div>
      </section>
      <Promised story={story} />
      <People people={story.people} />
      <Hops hops={story.hops} />
    </>
  );
}

function Promised({ story }: { story: Story }) {
  const lines = story.promise ?? [];
  // What comes next is not needed once everybody was reached, or it is over.
  const over = Boolean(story.ended_at) || story.people.every((one) => one.delivered_s !== undefined);
  return (
    <section>
      <h2>{t("promise.title")}</h2>
      <p class="quiet">{t("promise.about")}</p>
      <Table
        caption={t("promise.title")}
        rows={lines}
        keyOf={(line) => `${line.in_s} ${line.who} ${line.how}`}
        empty={t("promise.none")}
        columns={[
          { key: "when", head: t("promise.when"), number: true, cell: (line) => span(line.in_s * 1_000) },
          { key: "who", head: t("promise.who"), cell: (line) => <bdi>{promised(line).who}</bdi> },
          { key: "how", head: t("promise.how"), cell: (line) => promised(line).how },
          { key: "fact", head: t("promise.fact"), number: true, cell: (line) => happened(line, story, over) },
        ]}
      />
    </section>
  );
}

function happened(line: Foretold, story: Story, over: boolean) {
  const reached = story.people.find((one) => one.name === line.who)?.delivered_s;
  const fact = line.happened_s ?? reached;
  if (fact === null || fact === undefined) return t(over ? "promise.needless" : "promise.open");
  const after = span(fact * 1_000);
  if (!line.late_s) return after;
  return (
    <span class="late">
      {after}, {t("promise.late", { s: span(line.late_s * 1_000) })}
    </span>
  );
}

function People({ people }: { people: Kept[] }) {
  return (
    <section>
      <h2>{t("people.title")}</h2>
      <Table
        caption={t("people.title")}
        rows={people}
        keyOf={(one) => one.person}
        empty=""
        columns={[
          { key: "name", head: t("people.name"), value: (one) => one.name, cell: (one) => <bdi>{one.name}</bdi> },
          { key: "why", head: t("people.why"), cell: (one) => one.why },
          { key: "tries", head: t("people.tries"), cell: (one) => one.tries },
          {
            key: "state",
            head: t("people.state"),
            value: (one) => one.state,
            cell: (one) => word("state", one.state),
          },
          { key: "promised", head: t("people.promised"), number: true, cell: (one) => seconds(one.promised_s) },
          {
            key: "delivered",
            head: t("people.delivered"),
            number: true,
            value: (one) => one.delivered_s ?? Number.MAX_VALUE,
            cell: (one) => seconds(one.delivered_s),
          },
          { key: "kept", head: t("people.kept"), cell: kept },
        ]}
      />
    </section>
  );
}

const seconds = (s: number | null | undefined): string => (s === null || s === undefined ? "–" : span(s * 1_000));

function kept(one: Kept) {
  if (one.kept === null || one.kept === undefined) return t("people.open");
  return one.kept ? t("people.yes") : <span class="late">{t("people.no")}</span>;
}

function Hops({ hops }: { hops: Hop[] }) {
  const rows = hops.map((hop, nth) => ({ ...hop, nth, step: hop.after_s - (hops[nth - 1]?.after_s ?? 0) }));
  return (
    <section>
      <h2>{t("hops.title")}</h2>
      <Table
        caption={t("hops.title")}
        rows={rows}
        keyOf={(row) => String(row.nth)}
        empty=""
        page={200}
        columns={[
          { key: "after", head: t("hops.after"), number: true, cell: (row) => span(row.after_s * 1_000) },
          { key: "step", head: t("hops.step"), number: true, cell: (row) => `+ ${span(row.step * 1_000)}` },
          { key: "at", head: t("hops.at"), when: true, cell: (row) => time(row.at) },
          { key: "what", head: t("hops.what"), cell: (row) => <bdi>{row.text}</bdi> },
          { key: "node", head: t("hops.node"), cell: (row) => row.node },
        ]}
      />
    </section>
  );
}
