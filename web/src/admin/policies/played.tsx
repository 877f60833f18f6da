/** What would happen, line by line, if nobody answered. */

import type { Answer } from "../../core/rest";
import { span, time } from "../words";
import { sayTarget } from "./ladder";
import { count, t } from "./words";

export type Simulation = Answer<"POST /v1/policies/{policy_id}/simulate">;

export function Played({ played }: { played: Simulation }) {
  return (
    <div class="played" role="status">
      <h3>
        {t("played.title", {
          time: time(played.at, false),
          priority: t(`priority.${played.priority}`),
          place: played.place ? ` · ${played.place}` : "",
        })}
      </h3>
      {played.unreachable_end && <p class="trouble">{t("played.unreachable")}</p>}
      {played.desk_unattended && <p class="stale">{t("played.unattended")}</p>}
      <ol class="plain hops">
        {played.lines.map((line, nth) => (
          <li key={`${nth} ${line.at}`}>
            <span class="number">{clock(line.at)}</span> <span class="quiet">+{span(line.after_s * 1_000)}</span>{" "}
            {sayLine(line)}
            {Object.entries(line.empty ?? {}).map(([target, why]) => (
              <p key={target} class="quiet">
                {sayTarget(target)}: {sayWhy(why)}
              </p>
            ))}
          </li>
        ))}
      </ol>
      {played.beyond.map((one) => (
        <p key={`${one.step} ${one.person}`} class="stale">
          {t("played.beyond", { step: one.step, person: one.person, ways: one.endpoints.join(", ") })}
        </p>
      ))}
      <p>{t("played.worst", { span: span(played.worst_case_s * 1_000) })}</p>
    </div>
  );
}

const clock = (at: string): string =>
  new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));

const WHY = [
  "no_bed",
  "unassigned",
  "nobody",
  "no_unit",
  "no_role",
  "role_vacant",
  "nobody_next",
  "recipient_disabled",
] as const;

/** Why a target means nobody: in words where it is one of what happens daily, else as the server's code says it. */
function sayWhy(why: string): string {
  const known = WHY.find((one) => one === why);
  return known ? t(`why.${known}`) : why;
}

function sayLine(line: Simulation["lines"][number]): string {
  const who = line.people.map((one) => one.name).join(", ");
  if (line.desk) return t("line.desk") + (line.part ? ` (${line.part})` : "");
  const step = t("line.step", { n: line.step }) + (line.round > 1 ? ` · ${t("line.round", { n: line.round })}` : "");
  if (line.skipped) return `${step}: ${t("line.skipped")}`;
  return `${step}: ${who || t("line.nobody")}`;
}

/** What there is to say of a simulation in a list, in a few words. Pure. */
export function sayPlayed(played: Simulation): string {
  const end = played.unreachable_end
    ? t("played.unreachable")
    : t("played.worst", { span: span(played.worst_case_s * 1_000) });
  return `${count("played.lines", played.lines.length)}, ${end}`;
}
