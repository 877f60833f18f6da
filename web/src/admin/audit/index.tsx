/** The record: whether it is as it was written, and its two logs. */

import { useSignal } from "@preact/signals";
import { saveFile, writeCsv } from "../../core/csv";
import type { FactOut, VerdictOut } from "../../core/generated/api";
import { ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Field, useForm } from "../parts/form";
import { useMore } from "../parts/more";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { readLocal, writeLocal } from "../parts/when";
import { address, place, show } from "../state";
import { number, span, time } from "../words";
import { factOf } from "./facts";
import { t } from "./words";

const DAY_MS = 86_400_000;
const VERIFY_MS = 70_000;

export default function Audit() {
  return (
    <>
      <h1>{t("title")}</h1>
      <Verify />
      <Logs />
    </>
  );
}

function Verify() {
  const form = useForm({ since: writeLocal(Date.now() - DAY_MS) }, false);
  const verdict = useSignal<VerdictOut | null>(null);
  const verify = form.submit(
    ({ since }) => {
      verdict.value = null;
      return ask("POST /v1/audit/verify", { body: { since: readLocal(since) ?? null }, timeoutMs: VERIFY_MS });
    },
    (answer) => {
      verdict.value = answer;
    },
  );
  return (
    <section>
      <h2>{t("verify.title")}</h2>
      <p class="quiet">{t("verify.about")}</p>
      <form class="row" onSubmit={verify}>
        <Field form={form} name="since" label={t("verify.since")} type="datetime-local" />
        <p class="buttons">
          <button type="submit" class="first" disabled={form.busy.value}>
            {t("verify.go")}
          </button>
        </p>
      </form>
      <div role="status">
        {form.busy.value && <p>{t("verify.busy")}</p>}
        {verdict.value && <Verdict verdict={verdict.value} />}
      </div>
      {form.error.value ? <Failed error={form.error.value} /> : null}
    </section>
  );
}

function Verdict({ verdict }: { verdict: VerdictOut }) {
  return (
    <>
      <p class={verdict.good ? "good" : "trouble"}>
        <strong>{verdict.good ? t("verify.good") : t("verify.bad", { n: verdict.found })}</strong>
      </p>
      <p>
        {t("verify.told", {
          facts: number(verdict.facts),
          chains: number(verdict.chains),
          heads: number(verdict.heads),
          proofs: number(verdict.proofs),
          s: span(verdict.took_s * 1_000),
        })}
      </p>
      {verdict.findings.length > 0 && (
        <Table
          caption={t("verify.finding")}
          rows={verdict.findings}
          keyOf={(one) => `${one.chain} ${one.seq} ${one.kind}`}
          empty=""
          columns={[
            { key: "what", head: t("verify.finding"), cell: (one) => one.text },
            { key: "chain", head: t("verify.chain"), cell: (one) => <code>{one.chain.slice(0, 8)}</code> },
            { key: "number", head: t("verify.number"), number: true, cell: (one) => one.seq },
            { key: "at", head: t("verify.at"), when: true, cell: (one) => (one.at ? time(one.at) : "–") },
          ]}
        />
      )}
    </>
  );
}

function Logs() {
  const { query } = place.value;
  const asked = {
    log: query.get("log") ?? "users",
    since: query.get("since") ?? "",
    until: query.get("until") ?? "",
    person: query.get("person") ?? "",
  };
  const form = useForm(
    {
      ...asked,
      since: asked.since && writeLocal(asked.since),
      until: asked.until && writeLocal(asked.until),
    },
    false,
  );
  const load = useMore(
    (after, signal) => ask("GET /v1/facts", { query: { ...asked, limit: 100, ...after }, signal }),
    [query.toString()],
  );
  const look = (event: Event): void => {
    event.preventDefault();
    const { log, since, until, person } = form.values.value;
    show({ log, since: readLocal(since) ?? "", until: readLocal(until) ?? "", person: person.trim() });
  };
  return (
    <section>
      <h2>{t("log.title")}</h2>
      <form class="row" onSubmit={look}>
        <Field
          form={form}
          name="log"
          label={t("log.which")}
          options={[
            ["users", t("log.users")],
            ["admin", t("log.admin")],
          ]}
        />
        <Field form={form} name="since" label={t("log.since")} type="datetime-local" />
        <Field form={form} name="until" label={t("log.until")} type="datetime-local" />
        <Field form={form} name="person" label={t("log.person")} />
        <p class="buttons">
          <button type="submit">{t("log.go")}</button>
        </p>
      </form>
      <Shown load={load}>
        {(facts) => (
          <>
            {facts.length > 0 && (
              <button type="button" onClick={() => saveFile(`${asked.log}.csv`, "text/csv", csvOf(facts))}>
                {t("log.csv")}
              </button>
            )}
            <Table
              caption={t(asked.log === "admin" ? "log.admin" : "log.users")}
              rows={facts}
              keyOf={(fact) => fact.id}
              empty={t("log.empty")}
              more={load.more}
              page={100}
              filter
              columns={[
                {
                  key: "at",
                  head: t("log.at"),
                  when: true,
                  value: (fact) => Date.parse(fact.at),
                  cell: (fact) => time(fact.at),
                },
                { key: "kind", head: t("log.kind"), value: (fact) => fact.kind, cell: (fact) => factOf(fact.kind) },
                { key: "who", head: t("log.who"), value: whoOf, cell: (fact) => <bdi>{whoOf(fact)}</bdi> },
                {
                  key: "details",
                  head: t("log.details"),
                  value: (fact) => JSON.stringify(fact.body),
                  cell: (fact) => <Details fact={fact} />,
                },
              ]}
            />
          </>
        )}
      </Shown>
    </section>
  );
}

/** `DirectoryChanged` as `Directory changed`: the record's own words, which documents explain. */

const whoOf = (fact: FactOut): string => fact.name || String(fact.body.by ?? "");

// Who is said beside it; a signature says nothing to a reader.
const HIDDEN = new Set(["by", "proof"]);

function Details({ fact }: { fact: FactOut }) {
  const told = Object.entries(fact.body).filter(
    ([name, value]) => !HIDDEN.has(name) && value !== "" && value !== null && JSON.stringify(value) !== "[]",
  );
  return (
    <>
      {fact.message && <a href={address("messages", fact.message)}>{t("log.message")}</a>}
      <ul class="plain details">
        {told.map(([name, value]) => (
          <li key={name}>
            <span class="quiet">{name}</span> <bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi>
          </li>
        ))}
      </ul>
    </>
  );
}

function csvOf(facts: readonly FactOut[]): string {
  const head = [t("log.at"), t("log.kind"), t("log.who"), t("log.message"), t("log.details"), t("log.hash")];
  const lines = facts.map((fact) => [
    fact.at,
    fact.kind,
    whoOf(fact),
    fact.message ?? "",
    JSON.stringify(fact.body),
    fact.hash,
  ]);
  return writeCsv([head, ...lines]);
}
