/** One person: what is known of them, how they are reached, what they are in, and what they may. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { askTagged } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { may } from "../state";
import { learn } from "../who/names";
import { t as common } from "../who/words";
import { time } from "../words";
import { AccountPart } from "./account";
import { Disable } from "./disable";
import { EditPerson, type PersonOut } from "./edit";
import { Endpoints } from "./endpoints";
import { Enrol } from "./enrol";
import { PersonDevices } from "./held";
import { StatusPart } from "./status";
import { TiesPart } from "./ties";
import { t } from "./words";

export function Person({ id }: { id: string }) {
  const load = useLoad(
    (signal) => askTagged("GET /v1/people/{person_id}", { path: { person_id: id }, signal }),
    [id],
  );
  return (
    <Shown load={load} bare>
      {({ answer, etag }) => <Page person={answer} etag={etag} again={load.again} />}
    </Shown>
  );
}

function Page({ person, etag, again }: { person: PersonOut; etag: string; again: () => void }) {
  const editing = useSignal(false);
  useEffect(() => learn(person.id, person.name), [person.id, person.name]);
  const status = t(`status.${person.status as "off"}`);
  return (
    <>
      <h1>
        <bdi>{person.name}</bdi>
      </h1>
      <p>
        {person.disabled ? (
          <strong>{t("is_disabled")}</strong>
        ) : (
          [
            status,
            person.status_until && t("until", { time: time(person.status_until, false) }),
            person.title,
            person.departments.join(", "),
          ]
            .filter(Boolean)
            .join(" · ")
        )}
      </p>
      <section>
        <h2>{t("known.title")}</h2>
        {editing.value ? (
          <>
            <EditPerson
              person={person}
              etag={etag}
              saved={() => {
                editing.value = false;
                again();
              }}
            />
            <button type="button" onClick={() => (editing.value = false)}>
              {common("cancel")}
            </button>
          </>
        ) : (
          <>
            <Known person={person} />
            {may("directory.write") && (
              <div class="buttons">
                <button type="button" onClick={() => (editing.value = true)}>
                  {common("edit")}
                </button>
                <Disable person={person} done={again} />
              </div>
            )}
          </>
        )}
      </section>
      {!person.disabled && <StatusPart person={person} saved={again} />}
      <Endpoints person={person} again={again} />
      <PersonDevices person={person}>
        {may("device.enrol") && !person.disabled && <Enrol person={person} done={again} />}
      </PersonDevices>
      <TiesPart id={person.id} />
      {may("account.manage") && <AccountPart person={person} />}
    </>
  );
}

function Known({ person }: { person: PersonOut }) {
  const lines: [string, string][] = [
    [t("job"), person.title],
    [t("given"), person.given],
    [t("family"), person.family],
    [t("preferred"), person.preferred],
    [t("spoken"), person.spoken],
    [t("departments"), person.departments.join(", ")],
    [t("location"), person.location],
    [t("phones"), person.phones.join(", ")],
    [t("languages"), person.languages.join(", ")],
    ...Object.entries(person.external_ids).map(([source, own]): [string, string] => [t("external", { source }), own]),
  ];
  const told = lines.filter(([, value]) => value);
  if (told.length === 0) return <p class="quiet">{t("known.nothing")}</p>;
  return (
    <dl class="known">
      {told.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
