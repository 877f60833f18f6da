/** Who of a team is there, live, and which parts are missing. */

import type { TeamFrame } from "../../core/device/frames";
import { count, t } from "../../core/i18n";
import { client } from "../state";

const nameOf = (role: string): string => role.replace(/^\w+:/, "");

export const teamOf = (id: string): TeamFrame | undefined => client.value?.kept.teams.value.get(id);

/** How many of those that are needed are there. */
function sum(team: TeamFrame): { there: number; needed: number } {
  return team.parts.reduce(
    (all, part) => ({ there: all.there + Math.min(part.there, part.needed), needed: all.needed + part.needed }),
    { there: 0, needed: 0 },
  );
}

/** Whether everybody is there who was called, or no team was. */
export function isWhole(id: string): boolean {
  const team = teamOf(id);
  return !team || sum(team).there >= sum(team).needed;
}

/** In one line, for the inbox. */
export function TeamLine({ id }: { id: string }) {
  const team = teamOf(id);
  if (!team?.parts.length) return null;
  const { there, needed } = sum(team);
  const lacking = team.parts.filter((part) => part.there < part.needed).map((part) => nameOf(part.role));
  return (
    <p class="team">
      <strong>{t("team.sum", { there, needed })}</strong>{" "}
      {lacking.length > 0 && <bdi>{t("team.lacking", { roles: lacking.join(", ") })}</bdi>}
    </p>
  );
}

export function Team({ id }: { id: string }) {
  const team = teamOf(id);
  if (!team?.parts.length) return null;
  const { there, needed } = sum(team);
  const missing = team.parts.filter((part) => part.missing).length;
  return (
    <section>
      <h2>{t("message.team")}</h2>
      <p class="state" role="status">
        {there < needed ? t("team.sum", { there, needed }) : t("team.whole")}
      </p>
      {missing > 0 && (
        <p class="trouble" role="alert">
          {count("team.missing", missing)}
        </p>
      )}
      <ul class="team">
        {team.parts.map((part) => (
          <li key={part.role} class={part.there >= part.needed ? "there" : part.missing ? "lacking" : ""}>
            <bdi>{nameOf(part.role)}</bdi>
            <span class="number">
              {part.there} / {part.needed}
            </span>
            <span class="quiet">
              {part.who?.length ? <bdi>{part.who.join(", ")}</bdi> : t(part.missing ? "team.none" : "team.called")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
