/** On call: who is it now, each role's calendar, and how good its plan is. */

import "../who/who.css";
import "./oncall.css";
import { ask } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, go, may, place } from "../state";
import { t as common } from "../who/words";
import { time } from "../words";
import { Plan } from "./plan";
import { Role } from "./role";
import { Timeline } from "./timeline";
import { t } from "./words";

export default function OnCall() {
  const [what, which] = place.value.rest;
  if (!what) return <Now />;
  return which === "plan" ? <Plan key={what} id={what} /> : <Role key={what} id={what} />;
}

/** Who is on call now for every role, and the days to come of them all. */
function Now() {
  const load = useLoad((signal) => ask("GET /v1/on-call", { query: { limit: 20, days: 7 }, signal }));
  return (
    <>
      <h1>{t("title")}</h1>
      <Shown load={load}>
        {(timeline) => (
          <>
            <section>
              <h2>{t("now.title")}</h2>
              <Table
                caption={t("now.title")}
                rows={timeline.data}
                keyOf={(line) => line.role}
                empty={t("now.none")}
                columns={[
                  {
                    key: "role",
                    head: t("role"),
                    value: (line) => line.name,
                    cell: (line) => (
                      <a href={address("oncall", line.role)}>
                        <bdi>{line.name}</bdi>
                      </a>
                    ),
                  },
                  {
                    key: "who",
                    head: t("who"),
                    value: (line) => holderOf(line.final, timeline.now)?.name ?? "",
                    cell: (line) => <Holder held={holderOf(line.final, timeline.now)} />,
                  },
                  {
                    key: "until",
                    head: t("until"),
                    cell: (line) => {
                      const held = holderOf(line.final, timeline.now);
                      return held && time(held.ends_at, false);
                    },
                  },
                  {
                    key: "gap",
                    head: t("next_gap"),
                    cell: (line) => {
                      const gap = line.final.find(
                        (one) => !one.person && Date.parse(one.ends_at) > Date.parse(timeline.now),
                      );
                      return gap ? <strong class="gapword">{time(gap.starts_at, false)}</strong> : t("no_gap");
                    },
                  },
                ]}
              />
              {timeline.next && <p class="quiet">{t("now.more")}</p>}
            </section>
            <section>
              <h2>{t("week.title")}</h2>
              <Timeline
                timeline={timeline}
                rows={timeline.data.map((line) => ({
                  key: line.role,
                  label: line.name,
                  href: address("oncall", line.role),
                  stretches: line.final,
                }))}
              />
            </section>
          </>
        )}
      </Shown>
      {may("directory.write") && <NewRole />}
    </>
  );
}

type Stretch = { starts_at: string; ends_at: string; person: string | null; name: string; rule: string };

export function holderOf<S extends Stretch>(final: readonly S[], now: string): S | undefined {
  const at = Date.parse(now);
  return final.find((one) => Date.parse(one.starts_at) <= at && at < Date.parse(one.ends_at));
}

function Holder({ held }: { held: Stretch | undefined }) {
  if (!held?.person) return <strong class="gapword">{t("gap")}</strong>;
  return (
    <>
      <a href={address("people", held.person)}>
        <bdi>{held.name}</bdi>
      </a>{" "}
      <span class="quiet">{sayRule(held.rule)}</span>
    </>
  );
}

/** The rule by which somebody holds a role, in words. */
export function sayRule(rule: string): string {
  const [kind = "", nth = ""] = rule.split(" ");
  return t(`rule.${kind as "layer"}`, { n: nth });
}

function NewRole() {
  const form = useForm({ name: "" });
  return (
    <section>
      <details>
        <summary>{t("new.title")}</summary>
        <p class="quiet">{t("new.about")}</p>
        <form
          onSubmit={form.submit(
            (values, key) => ask("POST /v1/roles", { body: { ...values, fallback: "desk" }, key }),
            (made) => go("oncall", made.id),
          )}
        >
          <Field form={form} name="name" label={t("role")} required />
          <Save form={form} label={common("add")} />
        </form>
      </details>
    </section>
  );
}
