/** The on-call sheet: who has which role now, until when, and who has it then; to read, to look for, to print. */

import { time } from "../../core/i18n";
import { away, filter, kept, load, type OnCall, sheet, shown, trouble } from "../oncall";
import { t, word } from "../words";
import { Stands } from "./face";

export function OnCallSheet() {
  const { at } = kept.value;
  return (
    <section class="pane printable" aria-labelledby="oncall-title">
      <h2 id="oncall-title">{t("oncall.title")}</h2>
      <label class="noprint">
        {t("oncall.filter")}
        <input
          id="oncall-filter"
          type="text"
          autoComplete="off"
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      </label>
      {at > 0 && <p class="quiet">{t("oncall.at", { time: time(at) })}</p>}
      <Stands
        face={away.value ? "away" : trouble.value ? "error" : at === 0 ? "loading" : "fresh"}
        away={t(at ? "oncall.old" : "oncall.away")}
        why={trouble.value}
        again={load}
      />
      {at > 0 && sheet.value.length === 0 && <p class="quiet">{t("oncall.empty")}</p>}
      {sheet.value.length > 0 && shown.value.length === 0 && (
        <p class="quiet">{t("log.nothing", { q: filter.value })}</p>
      )}
      {shown.value.length > 0 && (
        <table class="sheet">
          <thead>
            <tr>
              <th scope="col">{t("oncall.role")}</th>
              <th scope="col">{t("oncall.now")}</th>
              <th scope="col">{t("oncall.until")}</th>
              <th scope="col">{t("oncall.then")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.value.map((role) => (
              <Line key={role.id} role={role} />
            ))}
          </tbody>
        </table>
      )}
      <p class="acts noprint">
        <button type="button" onClick={() => print()} disabled={at === 0}>
          {t("oncall.print")}
        </button>
        <a href="/sheets/on-call">{t("oncall.page")}</a> <a href="/sheets/call-down">{t("away.sheet")}</a>
      </p>
    </section>
  );
}

function Line({ role }: { role: OnCall }) {
  return (
    <tr>
      <th scope="row">
        <bdi>{role.name}</bdi>
        {role.units.length > 0 && <small class="quiet">{role.units.join(", ")}</small>}
      </th>
      <td>
        {role.who ? <bdi>{role.who}</bdi> : <span class="bad">{t("nobody")}</span>}
        {!role.who && (
          <small class="quiet">{t("oncall.stands", { who: role.standsIn || word("next", "desk") })}</small>
        )}
      </td>
      <td class="time">{role.until ? time(role.until) : "–"}</td>
      <td>
        {role.until ? role.next ? <bdi>{role.next}</bdi> : t("nobody") : "–"}
        {role.nextUntil > 0 && <small class="quiet">{t("detail.until", { time: time(role.nextUntil) })}</small>}
      </td>
    </tr>
  );
}
