/** Whom is chosen: who answers for them now, by what they are reached, who covers. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { time } from "../../core/i18n";
import { ask } from "../../core/rest";
import { pageTo } from "../compose";
import { roles } from "../search";
import { type DryRun, isAway, type PersonOut, tryMessage, whyNot } from "../site";
import { changes, chosen, client, results, say } from "../state";
import { t, tries, whyOf, word } from "../words";
import { beginStatus } from "./status";

interface Known {
  id: string;
  person: PersonOut | null;
  trial: DryRun | null;
  /** Who covers, by name. */
  cover: string;
  away: boolean;
  /** Why nobody can be said to get it. */
  why: string;
}

const known = signal<Known | null>(null);
const PAUSE_MS = 120;

/** Ask what matters before one pages them: a trial that keeps nothing says who would get it, and why. */
async function learn(id: string, kind: string): Promise<void> {
  const trial = kind === "place" ? Promise.resolve(null) : tryMessage({ to: [id], priority: "high", text: "?" });
  const person =
    kind === "person" ? ask("GET /v1/people/{person_id}", { path: { person_id: id } }) : Promise.resolve(null);
  const [tried, asked] = await Promise.allSettled([trial, person]);
  if (chosen.peek()?.id !== id) return;
  const cover = asked.status === "fulfilled" && asked.value ? await nameOf(asked.value.cover) : "";
  if (chosen.peek()?.id !== id) return;
  const away = [tried, asked].some((one) => one.status === "rejected" && isAway(one.reason));
  known.value = {
    id,
    trial: tried.status === "fulfilled" ? tried.value : null,
    person: asked.status === "fulfilled" ? asked.value : null,
    cover,
    away,
    why: away ? t("detail.unknown") : tried.status === "rejected" ? whyNot(tried.reason) : t("nobody"),
  };
}

/** How whoever covers is called: a person, a role, a number, or `hold`. */
async function nameOf(cover: string): Promise<string> {
  if (!/^(per|rol)_/.test(cover)) return cover.replace(/^number:/, "");
  const named = cover.startsWith("per_")
    ? ask("GET /v1/people/{person_id}", { path: { person_id: cover } })
    : ask("GET /v1/roles/{role_id}", { path: { role_id: cover } });
  return (await named.catch(() => ({ name: cover }))).name;
}

/** Call whom is chosen, through whatever telephone the browser has. */
export function callChosen(): void {
  const number = numbersOf()[0];
  if (number) location.href = `tel:${number.replace(/[^\d+*#]/g, "")}`;
  else say(t("call.none"), true);
}

function numbersOf(): string[] {
  const entry = chosen.value;
  const person = known.value?.id === entry?.id ? known.value?.person : null;
  const dialled = (person?.endpoints ?? []).filter((way) => way.kind === "phone" && !way.disabled);
  return [...new Set([...(person?.phones ?? []), ...dialled.map((way) => way.address), ...(entry?.numbers ?? [])])];
}

export function Detail() {
  const entry = chosen.value;
  const id = entry?.id ?? "";
  const link = client.value?.link.value.link; // what was learnt before the site went away is not so any more
  useEffect(() => {
    if (!id) return;
    const timer = setTimeout(() => void learn(id, entry?.kind ?? ""), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [id, changes.value, link]);
  if (!entry)
    return (
      <section class="pane" aria-labelledby="detail-title">
        <h2 id="detail-title">{t("detail.title")}</h2>
        <p class="quiet">{t("detail.empty")}</p>
      </section>
    );
  const found = results.value.find((one) => one.entry.id === id)?.found;
  const told = known.value?.id === id ? known.value : null;
  const { person, trial } = told ?? { person: null, trial: null };
  const others = (trial?.recipients ?? []).slice(0, 12);
  const numbers = numbersOf();
  return (
    <section class="pane" aria-labelledby="detail-title">
      <h2 id="detail-title">
        <bdi>{entry.name}</bdi>
      </h2>
      <p class="quiet">{[word("kind", entry.kind), entry.title, entry.where].filter(Boolean).join(" · ")}</p>
      {told?.away && <p class="warn">{t("detail.away")}</p>}
      <dl class="facts">
        {found?.on_call?.length ? <Fact name={t("detail.oncall")}>{found.on_call.join(", ")}</Fact> : null}
        {person && (
          <Fact name={t("detail.status")}>
            {word("status", person.status)}
            {person.status_until ? `, ${t("detail.until", { time: time(Date.parse(person.status_until)) })}` : ""}
          </Fact>
        )}
        {told?.cover ? <Fact name={t("detail.cover")}>{told.cover}</Fact> : null}
        {entry.kind !== "place" && (
          <Fact name={t("detail.now")}>
            {trial === null ? (
              told ? (
                told.why
              ) : (
                t("loading")
              )
            ) : (
              <ul class="plain">
                {others.map((one) => (
                  <li key={one.person}>
                    <strong>
                      <bdi>{one.name}</bdi>
                    </strong>{" "}
                    {one.reach === "none" ? (
                      <span class="bad">{t("reach.none")}</span>
                    ) : (
                      <span>{tries(one.tries)}</span>
                    )}{" "}
                    <span class="quiet">{whyOf(one.why, roles.value)}</span>
                  </li>
                ))}
                {(trial.recipient_count ?? 0) > others.length && (
                  <li>{t("state.more", { n: trial.recipient_count - others.length })}</li>
                )}
              </ul>
            )}
          </Fact>
        )}
        {found?.kind === "group" ? <Fact name="">{t("detail.people", { n: found.people ?? 0 })}</Fact> : null}
        {numbers.length > 0 && <Fact name={t("detail.numbers")}>{numbers.join(", ")}</Fact>}
        {person?.devices.length ? (
          <Fact name={t("detail.devices")}>{person.devices.map((device) => device.name).join(", ")}</Fact>
        ) : null}
      </dl>
      {entry.kind === "place" ? (
        <p class="quiet">{t("detail.nocode")}</p>
      ) : (
        <p class="acts">
          <button type="button" class="first" onClick={() => pageTo(entry)}>
            <kbd>Enter</kbd> {t("act.page")}
          </button>
          {entry.kind === "person" && (
            <>
              <button type="button" onClick={callChosen} disabled={numbers.length === 0}>
                <kbd>F4</kbd> {t("act.call")}
              </button>
              <button type="button" onClick={() => beginStatus(entry)}>
                {t("act.status")}
              </button>
            </>
          )}
        </p>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
