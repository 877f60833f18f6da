/** Quiet hours: set here, kept and judged by the site. What would ring is asked of the site's own planner. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { QuietFrame, Rung, RungFrame } from "../../core/generated/frames";
import { t as common, isKey as isCommon, time } from "../../core/i18n";
import { region } from "../../core/i18n/language";
import { client, now } from "../state";
import { isKey, t } from "./words";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const MAY_BE_QUIET = ["medium", "low"] as const;
/** The planner is asked when nobody has changed anything for so long. */
const PAUSE_MS = 400;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Form {
  from: string;
  to: string;
  days: readonly string[];
  priorities: readonly string[];
}
const USUAL: Form = { from: "22:00", to: "07:00", days: DAYS, priorities: ["low"] };

function formOf(frame: QuietFrame): Form {
  const [from = "", to = ""] = frame.hours?.split("-") ?? [];
  return from
    ? { from, to, days: frame.days?.length ? frame.days : DAYS, priorities: frame.priorities ?? [] }
    : USUAL;
}

function wordOf(form: Form): Record<string, unknown> {
  const days = form.days.length === DAYS.length ? [] : form.days;
  return { hours: `${form.from}-${form.to}`, days, priorities: form.priorities, zone: ZONE };
}

export function Quiet() {
  const has = useSignal<QuietFrame | "asked" | "away">("asked");
  const form = useSignal<Form>(USUAL);
  const said = useSignal("");
  const failed = useSignal("");
  const live = client.value?.link.value.link === "live";
  const take = (frame: QuietFrame): void => {
    has.value = frame;
    form.value = formOf(frame);
  };
  const ask = async (): Promise<void> => {
    const answer = await client.peek()?.request({ t: "quiet" });
    if (answer?.t === "quiet") take(answer);
    else if (typeof has.value === "string") has.value = "away";
  };
  useEffect(() => {
    if (typeof has.peek() !== "string") return;
    if (live) void ask();
    else has.value = "away";
  }, [live]);
  const shown = has.value;
  const save = async (word: Record<string, unknown>): Promise<void> => {
    if (typeof shown === "string") return;
    said.value = failed.value = "";
    const answer = await client.value?.request({ t: "quiet_set", ...word, version: shown.version });
    if (answer?.t === "quiet") {
      take(answer);
      said.value = t(answer.hours ? "quiet.saved" : "quiet.removed", { time: time(now.value) });
    } else if (answer?.t === "refused" && answer.code === "changed_since") {
      failed.value = t("quiet.changed");
      void ask();
    } else if (answer?.t === "refused") {
      const key = `error.${answer.code}`;
      failed.value = t("devices.refused", { why: isCommon(key) ? common(key) : answer.detail });
    } else failed.value = t("quiet.failed");
  };
  const ready = form.value.days.length > 0 && form.value.priorities.length > 0 && form.value.from !== form.value.to;
  return (
    <main>
      <a class="button back" href="#/more">
        {t("devices.back")}
      </a>
      <h1>{t("quiet.title")}</h1>
      <p class="quiet">{t("quiet.about")}</p>
      {shown === "asked" && <p role="status">{t("quiet.loading")}</p>}
      {shown === "away" && (
        <p class="trouble" role="alert">
          {t("quiet.away")}
          <button type="button" onClick={() => void ask()}>
            {t("devices.again")}
          </button>
        </p>
      )}
      {typeof shown !== "string" && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void save(wordOf(form.value));
          }}
        >
          <p class="state" role="status">
            {said.value || t(shown.hours ? "quiet.has" : "quiet.none", { hours: shown.hours ?? "" })}
          </p>
          {shown.fixed && shown.zone !== ZONE && <p class="warn">{t("quiet.zone", { zone: shown.zone ?? "" })}</p>}
          <Fields form={form} />
          <p class="quiet">{t("quiet.always", { s: shown.high_calls_within_s })}</p>
          <Preview form={form.value} ready={ready} />
          {failed.value && (
            <p class="trouble" role="alert">
              {failed.value}
            </p>
          )}
          <div class="buttons">
            <button type="submit" class="first" disabled={!ready}>
              {t("quiet.save")}
            </button>
            {shown.hours && (
              <button type="button" onClick={() => void save({ hours: "" })}>
                {t("quiet.remove")}
              </button>
            )}
          </div>
        </form>
      )}
    </main>
  );
}

function Fields({ form }: { form: Signal<Form> }) {
  const set = (change: Partial<Form>): void => {
    form.value = { ...form.value, ...change };
  };
  const days = new Intl.DateTimeFormat(region(), { weekday: "short", timeZone: "UTC" });
  return (
    <>
      <div class="choices">
        {(["from", "to"] as const).map((one) => (
          <label key={one} class="field">
            {t(`quiet.${one}`)}
            <input
              type="time"
              required
              value={form.value[one]}
              onInput={(event) => set({ [one]: event.currentTarget.value })}
            />
          </label>
        ))}
      </div>
      <Boxes
        legend={t("quiet.days")}
        all={DAYS}
        chosen={form.value.days}
        // 1 January 2024 was a Monday.
        name={(one) => days.format(Date.UTC(2024, 0, 1 + DAYS.indexOf(one)))}
        choose={(days) => set({ days })}
      />
      <Boxes
        legend={t("quiet.priorities")}
        all={MAY_BE_QUIET}
        chosen={form.value.priorities}
        name={(one) => common(`priority.${one}`)}
        choose={(priorities) => set({ priorities })}
      />
    </>
  );
}

function Boxes<One extends string>(given: {
  legend: string;
  all: readonly One[];
  chosen: readonly string[];
  name: (one: One) => string;
  choose: (chosen: One[]) => void;
}) {
  const { legend, all, chosen, name, choose } = given;
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div class="choices days">
        {all.map((one) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={chosen.includes(one)}
              onChange={(event) =>
                choose(all.filter((other) => (other === one ? event.currentTarget.checked : chosen.includes(other))))
              }
            />
            {name(one)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What a message of each priority would do at a time, with these hours as if they were saved. */
function Preview({ form, ready }: { form: Form; ready: boolean }) {
  const at = useSignal("02:00");
  const rung = useSignal<RungFrame | "asked" | "away">("asked");
  const written = JSON.stringify(wordOf(form));
  useEffect(() => {
    rung.value = "asked";
    if (!ready || !at.value) return;
    const timer = setTimeout(async () => {
      const answer = await client.peek()?.request({ t: "quiet_try", ...JSON.parse(written), at: next(at.peek()) });
      rung.value = answer?.t === "rung" ? answer : "away";
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [written, ready, at.value]);
  return (
    <section>
      <h2>{t("quiet.preview")}</h2>
      <label>
        {t("quiet.preview.at")}
        <input
          type="time"
          value={at.value}
          onInput={(event) => {
            at.value = event.currentTarget.value;
          }}
        />
      </label>
      <ul class="settings" aria-live="polite">
        {typeof rung.value === "string" ? (
          <li>{t(rung.value === "asked" ? "quiet.preview.asking" : "quiet.preview.away")}</li>
        ) : (
          rung.value.data.map((one) => <Line key={one.priority} rung={one} />)
        )}
      </ul>
    </section>
  );
}

function Line({ rung }: { rung: Rung }) {
  const how = rung.tries.map(({ after_s, endpoints }) => {
    const names = endpoints.map((kind) => (isKey(`by.${kind}`) ? t(`by.${kind}` as "by.app") : kind)).join(" + ");
    return after_s > 0 ? t("quiet.then", { after: span(after_s), how: names }) : names;
  });
  return (
    <li class="rung">
      <strong>{common(`priority.${rung.priority as "code"}`)}</strong>
      <span>
        {t(rung.rings ? "quiet.rings" : "quiet.silent", { how: how.join(", ") || t("quiet.nothing") })}{" "}
        <span class="quiet">{why(rung.by ?? "")}</span>
      </span>
    </li>
  );
}

function span(seconds: number): string {
  return seconds < 60 ? t("quiet.s", { n: seconds }) : t("quiet.min", { n: Math.round(seconds / 60) });
}

/** Whose preference says so, of `own:Night`, `role:rol_…:Night`, `default after own:Night`. */
function why(by: string): string {
  if (!by || by.startsWith("default")) return t("quiet.by.site");
  const whose = by.split(":")[0] ?? "";
  if (by.startsWith("own:Quiet hours")) return t("quiet.by.hours");
  const name = by.slice(by.lastIndexOf(":") + 1).replace(/, cut$/, "");
  const key = `quiet.by.${whose}`;
  return isKey(key) ? t(key, { name }) : name;
}

/** The next instant at which the wall shows this time. */
function next(clock: string): string {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  const at = new Date(now.peek());
  at.setHours(hours, minutes, 0, 0);
  if (at.getTime() < now.peek()) at.setDate(at.getDate() + 1);
  return at.toISOString();
}
