/** One place; of a unit also its beds with who has them, given a whole shift at once. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address, may } from "../state";
import { type Choice, Chooser } from "../who/finder";
import { t as common } from "../who/words";
import { Beds } from "./beds";
import { NewPlace, type PlaceOut } from "./index";
import { below } from "./tree";
import { t } from "./words";

interface Props {
  id: string;
  all: readonly PlaceOut[];
  again: () => void;
}

export function Place({ id, all, again }: Props) {
  const one = all.find((other) => other.id === id);
  if (!one) return <p role="alert">{t("gone")}</p>;
  const parent = all.find((other) => other.id === one.parent);
  const within = below(all, one.id);
  const beds = one.kind === "bed" ? [one] : within.filter(({ kind }) => kind === "bed");
  const parts = all.filter((other) => other.parent === one.id && other.kind !== "bed");
  return (
    <>
      <h1>
        <bdi>{one.name}</bdi> <span class="quiet">{t(`kind.${one.kind}`)}</span>
      </h1>
      <p>
        {parent && (
          <>
            {t("inside")} <a href={address("places", parent.id)}>{parent.name}</a>
          </>
        )}{" "}
        {one.zone && <span class="quiet">{one.zone}</span>} {one.disabled && <strong>{common("disabled")}</strong>}
      </p>
      {parts.length > 0 && (
        <section>
          <h2>{t("parts")}</h2>
          <ul class="plain">
            {parts.map((part) => (
              <li key={part.id}>
                <a href={address("places", part.id)}>{part.name}</a>{" "}
                <span class="quiet">{t(`kind.${part.kind}`)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {(one.kind === "unit" || one.kind === "room" || one.kind === "bed") && <Beds beds={beds} again={again} />}
      {one.kind === "unit" && <Functions unit={one} again={again} />}
      {may("directory.write") && (
        <section>
          <h2>{common("edit")}</h2>
          <Edit key={one.version} one={one} again={again} />
          {one.kind !== "bed" && (
            <details>
              <summary>{t("new.inside")}</summary>
              <NewPlace all={all} inside={one} done={again} />
            </details>
          )}
        </section>
      )}
    </>
  );
}

function Edit({ one, again }: { one: PlaceOut; again: () => void }) {
  const policies = useLoad((signal) => ask("GET /v1/policies", { query: { limit: 200 }, signal }));
  const form = useForm({ name: one.name, policy: one.policy ?? "", disabled: one.disabled });
  const known = policies.now.value.value?.data ?? [];
  return (
    <form
      onSubmit={form.submit(
        ({ name, policy, disabled }) =>
          ask("PATCH /v1/places/{place_id}", {
            path: { place_id: one.id },
            body: { name: name.trim(), disabled, ...(one.kind === "unit" ? { policy: policy || null } : {}) },
            match: `"${one.version}"`,
          }),
        again,
      )}
    >
      <Field form={form} name="name" label={t("name")} required />
      {one.kind === "unit" && (
        <Field
          form={form}
          name="policy"
          label={t("policy")}
          hint={t("policy.hint")}
          options={[["", t("policy.none")], ...known.map((policy): [string, string] => [policy.id, policy.name])]}
        />
      )}
      <Field form={form} name="disabled" type="checkbox" label={common("disabled")} />
      <Save form={form} />
    </form>
  );
}

/** Which role a unit has for a function, so that one policy serves all units. */
function Functions({ unit, again }: { unit: PlaceOut; again: () => void }) {
  const roles = useLoad((signal) => ask("GET /v1/roles", { query: { limit: 200 }, signal }));
  const word = useSignal("");
  const role = useSignal<Choice | null>(null);
  const error = useSignal<unknown>(null);
  const set = async (name: string, id: string | null): Promise<void> => {
    error.value = null;
    try {
      await ask("PUT /v1/places/{place_id}/roles", {
        path: { place_id: unit.id },
        body: { function: name, role: id },
      });
      word.value = "";
      role.value = null;
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  const held = Object.entries(unit.roles ?? {});
  return (
    <section>
      <h2>{t("functions.title")}</h2>
      <p class="quiet">{t("functions.about")}</p>
      <Shown load={roles} bare>
        {({ data }) => (
          <ul class="plain">
            {held.map(([name, id]) => (
              <li key={name} class="chosen">
                <strong>{name}</strong>
                <a href={address("oncall", id)}>{data.find((one) => one.id === id)?.name ?? id}</a>
                {may("directory.write") && (
                  <button type="button" onClick={() => void set(name, null)}>
                    {common("remove")}
                    <span class="hidden"> {name}</span>
                  </button>
                )}
              </li>
            ))}
            {held.length === 0 && <li class="quiet">{t("functions.none")}</li>}
          </ul>
        )}
      </Shown>
      {may("directory.write") && (
        <details>
          <summary>{t("functions.new")}</summary>
          <div class="field">
            <label for="function-name">{t("functions.name")}</label>
            <input
              id="function-name"
              placeholder="charge nurse"
              value={word.value}
              onInput={(event) => {
                word.value = event.currentTarget.value;
              }}
            />
          </div>
          <Chooser
            label={t("functions.role")}
            kinds={["role"]}
            chosen={role.value}
            onChange={(one) => {
              role.value = one;
            }}
          />
          <div class="buttons">
            <button
              type="button"
              disabled={!role.value || !word.value.trim()}
              onClick={() => void set(word.value.trim(), role.value?.id ?? null)}
            >
              {common("add")}
            </button>
          </div>
        </details>
      )}
      {error.value ? <Failed error={error.value} /> : null}
    </section>
  );
}
