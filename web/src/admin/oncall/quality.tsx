/** How good the plan of a role is, 52 weeks ahead: hours of nobody, too much for one, two roles at once, who has left. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Bars } from "../parts/charts";
import { Failed, Loading } from "../parts/faces";
import { useNames } from "../who/names";
import { number, time } from "../words";
import { sayTimes } from "./timeline";
import { count, t } from "./words";

type Report = Answer<"GET /v1/roles/{role_id}/quality">;
const MOST = 20;

export function Quality({ id, zone }: { id: string; zone: string }) {
  const report = useSignal<Report | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const look = async (): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      const path = { role_id: id };
      report.value = await ask("GET /v1/roles/{role_id}/quality", { path, query: { weeks: 52 }, timeoutMs: 60_000 });
    } catch (refused) {
      error.value = refused;
    } finally {
      busy.value = false;
    }
  };
  return (
    <section>
      <h2>{t("quality.title")}</h2>
      {!report.value && !busy.value && (
        <div class="buttons">
          <button type="button" onClick={() => void look()}>
            {t("quality.look")}
          </button>
        </div>
      )}
      {busy.value && <Loading />}
      {error.value ? <Failed error={error.value} again={() => void look()} /> : null}
      {report.value && <Findings report={report.value} zone={zone} />}
    </section>
  );
}

function Findings({ report, zone }: { report: Report; zone: string }) {
  const nameOf = useNames(report.disabled);
  const good =
    report.uncovered.length === 0 &&
    report.overloaded.length === 0 &&
    report.conflicts.length === 0 &&
    report.disabled.length === 0;
  return (
    <>
      <p role="status">
        {good ? (
          t("quality.good")
        ) : (
          <strong>
            {report.uncovered.length > 0
              ? t("quality.bad", { hours: number(report.uncovered_hours, 1) })
              : t("quality.held")}
          </strong>
        )}
      </p>
      {report.uncovered.length > 0 && (
        <>
          <h3>{count("quality.gaps", report.uncovered.length)}</h3>
          <ul>
            {report.uncovered.slice(0, MOST).map((one) => (
              <li key={one.starts_at}>{sayTimes(one, zone)}</li>
            ))}
          </ul>
          {report.uncovered.length > MOST && <p class="quiet">{t("more", { n: report.uncovered.length - MOST })}</p>}
        </>
      )}
      {report.conflicts.length > 0 && (
        <>
          <h3>{count("quality.conflicts", report.conflicts.length)}</h3>
          <ul>
            {report.conflicts.slice(0, MOST).map((one) => (
              <li key={`${one.person} ${one.starts_at}`}>
                {one.name}: {sayTimes(one, zone)}
              </li>
            ))}
          </ul>
          {report.conflicts.length > MOST && <p class="quiet">{t("more", { n: report.conflicts.length - MOST })}</p>}
        </>
      )}
      {report.disabled.length > 0 && (
        <p>
          <strong>{t("quality.disabled", { names: report.disabled.map(nameOf).join(", ") })}</strong>
        </p>
      )}
      {report.hours.length > 0 && (
        <Bars
          title={t("quality.hours")}
          about={t("quality.hours.about")}
          head={[t("who"), t("quality.unit")]}
          bars={report.hours.map((one) => ({
            label: one.name,
            value: one.hours,
            words: t("quality.h", { n: number(one.hours) }),
          }))}
        />
      )}
      <ul>
        {report.hours.map((one) => (
          <li key={one.person}>
            {t(report.overloaded.includes(one.person) ? "quality.too_much" : "quality.most", {
              name: one.name,
              hours: number(one.most_in_a_week, 1),
              week: time(one.fullest, false),
            })}
          </li>
        ))}
      </ul>
    </>
  );
}
