/** A listener's mapping table, changed here and tried on samples before anybody puts it to use. */

import { type Signal, useSignal } from "@preact/signals";
import { saveFile } from "../../core/csv";
import { callsAnew } from "../../core/device/rows";
import type { TableOut, TableVersion, TriedOut } from "../../core/generated/api";
import { ask, askTagged } from "../../core/rest";
import { promised, tries } from "../messages/words";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { Field, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Tag } from "../parts/tag";
import { span, time } from "../words";
import { t } from "./words";

export function Mapping({ listener }: { listener: string }) {
  // It outlives what is put to use: the next change is tried on the same messages.
  const sample = useSignal("");
  const load = useLoad(
    async (signal) => {
      const path = { listener };
      const { answer, etag } = await askTagged("GET /v1/integrations/{listener}/table", { path, query: {}, signal });
      const { data } = await ask("GET /v1/integrations/{listener}/table/versions", { path, signal });
      return { table: answer, etag, versions: data };
    },
    [listener],
  );
  return (
    <section>
      <h2>{t("table.title")}</h2>
      <Shown load={load} bare>
        {(found) => <Editor key={found.etag} {...found} sample={sample} again={load.again} />}
      </Shown>
    </section>
  );
}

interface Edited {
  table: TableOut;
  etag: string;
  versions: TableVersion[];
  sample: Signal<string>;
  again: () => void;
}

function Editor({ table, etag, versions, sample, again }: Edited) {
  const { listener } = table;
  const form = useForm({ table: table.text, sample: sample.peek() });
  const tried = useSignal<TriedOut[] | null>(null);
  /** The table that was tried last: only that one can be put to use. */
  const good = useSignal("");
  const asking = useSignal<"" | "use" | "file">("");
  const typed = form.values.value;
  sample.value = typed.sample;
  const change = (work: Promise<unknown>): void => {
    form.busy.value = true;
    form.error.value = null;
    work
      .then(
        () => {
          form.set("table", table.text); // what was typed is kept now
          again();
        },
        (error: unknown) => {
          form.error.value = error;
        },
      )
      .finally(() => {
        form.busy.value = false;
      });
  };
  const path = { listener };
  const use = (): void =>
    change(ask("PUT /v1/integrations/{listener}/table", { path, body: { text: typed.table }, match: etag }));
  const back = (): void => change(ask("DELETE /v1/integrations/{listener}/table", { path, match: etag }));
  const take = (version: number): void => {
    ask("GET /v1/integrations/{listener}/table", { path, query: { version } }).then(
      ({ text }) => form.set("table", text),
      (error: unknown) => {
        form.error.value = error;
      },
    );
  };
  const go = (event: Event): void => {
    event.preventDefault();
    if (form.busy.peek()) return;
    form.busy.value = true;
    form.error.value = null;
    tried.value = null;
    const changed = typed.table !== table.text;
    const body = { sample: typed.sample, ...(changed ? { table: typed.table } : {}) };
    ask("POST /v1/integrations/{listener}/try", { path: { listener }, body })
      .then(
        ({ data }) => {
          tried.value = data;
          good.value = typed.table;
        },
        (error: unknown) => {
          form.error.value = error;
        },
      )
      .finally(() => {
        form.busy.value = false;
      });
  };
  return (
    <>
      <p class="quiet">
        {table.version
          ? t("table.edited", { when: time(table.made_at ?? ""), who: table.made_by ?? "" })
          : table.file
            ? t("table.file", { file: table.file })
            : t("table.none")}
      </p>
      <p class="quiet">{t("table.about")}</p>
      <form class="editor" onSubmit={go}>
        <Field form={form} name="table" label={t("table.field")} type="textarea" rows={16} />
        <div class="buttons">
          <button
            type="button"
            disabled={!typed.table}
            onClick={() => saveFile("mapping.toml", "application/toml", typed.table)}
          >
            {t("table.download")}
          </button>
          <button type="button" disabled={typed.table === table.text} onClick={() => form.set("table", table.text)}>
            {t("table.reset")}
          </button>
          {table.version ? (
            <button
              type="button"
              disabled={form.busy.value}
              onClick={() => {
                asking.value = "file";
              }}
            >
              {t("table.back")}
            </button>
          ) : null}
        </div>
        <Field
          form={form}
          name="sample"
          label={t("try.field")}
          hint={t("try.hint")}
          type="textarea"
          rows={8}
          required
        />
        <div class="buttons">
          <button type="submit" class="first" disabled={form.busy.value}>
            {t("try.go")}
          </button>
          <button
            type="button"
            disabled={form.busy.value || typed.table === table.text || good.value !== typed.table}
            title={good.value === typed.table ? "" : t("use.first")}
            onClick={() => {
              asking.value = "use";
            }}
          >
            {t("use.go")}
          </button>
        </div>
      </form>
      <Dialog
        open={asking.value !== ""}
        title={t(asking.value === "file" ? "table.back" : "use.go")}
        onClose={() => {
          asking.value = "";
        }}
      >
        <p>{t(asking.value === "file" ? "use.file" : "use.sure", { listener })}</p>
        <div class="buttons">
          <button type="submit" class="first" onClick={asking.value === "file" ? back : use}>
            {t(asking.value === "file" ? "table.back" : "use.go")}
          </button>
          <button type="submit">{t("use.not")}</button>
        </div>
      </Dialog>
      {form.error.value ? <Failed error={form.error.value} /> : null}
      <div role="status">
        {tried.value?.map((one) => (
          <Tried key={one.number} one={one} />
        ))}
      </div>
      {versions.length > 0 && (
        <details>
          <summary>{t("versions.title")}</summary>
          <ul>
            {versions.map((one) => (
              <li key={one.version}>
                {t(one.file ? "versions.file" : "versions.edited", {
                  when: time(one.made_at),
                  who: one.made_by,
                })}{" "}
                {!one.file && (
                  <button type="button" onClick={() => take(one.version)}>
                    {t("versions.take")}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Tried({ one }: { one: TriedOut }) {
  return (
    <article class="tried">
      <h3>{t("try.message", { n: one.number, id: one.control_id || "–" })}</h3>
      {one.not_taken && <p class="late">{t("try.not_taken", { why: one.not_taken })}</p>}
      {one.rule && (
        <p>
          {t("try.rule")} <strong>{one.rule}</strong>
        </p>
      )}
      {one.why && <p>{t("try.why", { why: one.why })}</p>}
      <Told title={t("try.heard")} what={one.heard} />
      {one.report && <Told title={t("try.report")} what={one.report} />}
      {one.reached && <Reached reached={one.reached} />}
    </article>
  );
}

function Told({ title, what }: { title: string; what: Record<string, unknown> }) {
  const told = Object.entries(what).filter(([, value]) => value !== "" && value !== null && value !== false);
  if (told.length === 0) return null;
  return (
    <details open={told.length < 20}>
      <summary>{title}</summary>
      <dl>
        {told.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {name === "priority" ? (
                <Tag priority={String(value)} />
              ) : (
                <bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface Reach {
  name?: string;
  tries?: string;
}
interface Step {
  in_s: number;
  who: string;
  how: string;
}

/** Who would get it: as `wardwire hl7 try` writes it. */
function Reached({ reached }: { reached: Record<string, unknown> }) {
  const recipients = (reached.recipients ?? []) as Reach[];
  const promise = ((reached.promise ?? []) as Step[]).filter(callsAnew);
  if (reached.moved) return <p>{t("try.moved", { did: String(reached.moved) })}</p>;
  if (reached.refused) return <p class="late">{t("try.refused", { why: String(reached.refused) })}</p>;
  if (reached.open_alert)
    return (
      <p>
        {t("try.open")} <code>{String(reached.open_alert)}</code>
      </p>
    );
  if (recipients.length === 0 && promise.length === 0) return <p>{t("try.nobody")}</p>;
  return (
    <>
      <p>
        <strong>{t("try.reached")}</strong>
      </p>
      <ul>
        {recipients.map((one) => (
          <li key={one.name}>
            <bdi>{one.name}</bdi>
            {one.tries && `: ${tries(one.tries)}`}
          </li>
        ))}
      </ul>
      {promise.length > 0 && (
        <>
          <p>
            <strong>{t("try.then")}</strong>
          </p>
          <ul>
            {promise.map((step) => (
              <li key={`${step.in_s} ${step.who} ${step.how}`}>
                {span(step.in_s * 1_000)}: <bdi>{promised(step).who}</bdi> ({promised(step).how})
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
