/** What somebody is in, and what hangs on them. */

import { type Answer, ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address } from "../state";
import { time } from "../words";
import { t } from "./words";

export type Ties = Answer<"GET /v1/people/{person_id}/ties">;
type Tie = Ties["data"][number];

const SECTIONS: Record<string, string> = {
  rol: "oncall",
  grp: "groups",
  plc: "places",
  pol: "policies",
  per: "people",
};

/** Say in which way, with its times and who comes then. */
export function sayTie(tie: Tie): string {
  const said = t(`tie.${tie.how as "shift"}`, { detail: tie.detail });
  const from =
    tie.starts_at && Date.parse(tie.starts_at) > Date.now() ? t("from", { time: time(tie.starts_at, false) }) : "";
  const until = tie.ends_at ? t("until", { time: time(tie.ends_at, false) }) : "";
  return [said, from, until].filter(Boolean).join(", ");
}

export function TieList({ ties }: { ties: Ties }) {
  if (ties.data.length === 0) return <p class="quiet">{t("ties.none")}</p>;
  return (
    <ul class="plain">
      {ties.data.map((tie, nth) => (
        <li key={`${tie.id} ${tie.how} ${nth}`}>
          <a href={address(SECTIONS[tie.id.slice(0, 3)] ?? "people", tie.id)}>
            <bdi>{tie.name}</bdi>
          </a>
          {": "}
          {sayTie(tie)}
          {tie.how === "on_call" && (
            <span class="quiet"> {tie.then ? t("tie.then", { name: tie.then }) : t("tie.then_nobody")}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

export function TiesPart({ id }: { id: string }) {
  const load = useLoad((signal) => ask("GET /v1/people/{person_id}/ties", { path: { person_id: id }, signal }), [id]);
  return (
    <section>
      <h2>{t("ties.title")}</h2>
      <Shown load={load} bare>
        {(ties) => (
          <>
            {ties.open && <p class="stale">{t("ties.open")}</p>}
            <TieList ties={ties} />
          </>
        )}
      </Shown>
    </section>
  );
}
