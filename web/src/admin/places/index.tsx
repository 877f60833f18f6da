/** Sites, buildings, units, rooms and beds: what lies in what, and who has which bed. */

import "../who/who.css";
import { type Answer, ask, each } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address, may, place } from "../state";
import { t as common } from "../who/words";
import { Place } from "./place";
import { INSIDE, inTree, KINDS, type Kind } from "./tree";
import { t } from "./words";

export type PlaceOut = Answer<"GET /v1/places/{place_id}">;

/** All places: a hospital has some hundreds. */
export async function allPlaces(signal: AbortSignal): Promise<PlaceOut[]> {
  const found: PlaceOut[] = [];
  for await (const one of each("GET /v1/places", { query: {}, signal })) found.push(one);
  return found;
}

export default function Places() {
  const [id] = place.value.rest;
  const load = useLoad(allPlaces);
  return (
    <Shown load={load} bare={Boolean(id)}>
      {(all) =>
        id ? <Place key={id} id={id} all={all} again={load.again} /> : <Tree all={all} again={load.again} />
      }
    </Shown>
  );
}

function Tree({ all, again }: { all: readonly PlaceOut[]; again: () => void }) {
  return (
    <>
      <h1>{t("title")}</h1>
      <section>
        {all.length === 0 && <p class="face">{t("none")}</p>}
        <ul class="plain">
          {inTree(all)
            .filter(({ one }) => one.kind !== "bed" && one.kind !== "room")
            .map(({ one, deep }) => (
              <li key={one.id} style={{ paddingInlineStart: `${deep * 1.5}rem` }}>
                <a href={address("places", one.id)}>
                  <bdi>{one.name}</bdi>
                </a>{" "}
                <span class="quiet">
                  {[t(`kind.${one.kind}`), one.kind === "site" && one.zone].filter(Boolean).join(" · ")}
                </span>{" "}
                {one.disabled && <strong>{common("disabled")}</strong>}
              </li>
            ))}
        </ul>
      </section>
      {may("directory.write") && (
        <section>
          <details>
            <summary>{t("new.title")}</summary>
            <NewPlace all={all} done={again} />
          </details>
        </section>
      )}
    </>
  );
}

/** `inside`: the place that it is to lie in, where that is known. */
export function NewPlace({ all, inside, done }: { all: readonly PlaceOut[]; inside?: PlaceOut; done: () => void }) {
  const kinds = KINDS.filter((kind) => (inside ? INSIDE[kind].includes(inside.kind) : true));
  const form = useForm({ kind: kinds[0] ?? "unit", name: "", parent: inside?.id ?? "", zone: "" });
  const { kind } = form.values.value;
  const parents = all.filter((one) => INSIDE[kind as Kind].includes(one.kind) && !one.disabled);
  return (
    <form
      onSubmit={form.submit(
        ({ kind, name, parent, zone }, key) =>
          ask("POST /v1/places", {
            body: { kind: kind as Kind, name: name.trim(), parent: parent || null, zone },
            key,
          }),
        () => {
          form.reset({ ...form.values.peek(), name: "" });
          done();
        },
      )}
    >
      <Field form={form} name="kind" label={t("kind")} options={kinds.map((one) => [one, t(`kind.${one}`)])} />
      <Field form={form} name="name" label={t("name")} required />
      {!inside && kind !== "site" && (
        <Field
          form={form}
          name="parent"
          label={t("inside")}
          options={[
            ["", t("inside.nothing")],
            ...parents.map((one): [string, string] => [one.id, `${one.name} (${t(`kind.${one.kind}`)})`]),
          ]}
        />
      )}
      {kind === "site" && <Field form={form} name="zone" label={t("zone")} hint={t("zone.hint")} required />}
      <Save form={form} label={common("add")} />
    </form>
  );
}
