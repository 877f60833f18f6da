/** The plan of a role: its zone, its rotations, who stands in, who may. Looked at as a calendar before it is saved. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address, go, keepUnsaved } from "../state";
import { type Choice, Chooser, Finder } from "../who/finder";
import { learn, useNames } from "../who/names";
import { t as common } from "../who/words";
import { sayRule } from "./index";
import { Layers } from "./layers";
import { sayTimes } from "./timeline";
import { t } from "./words";

type Schedule = Answer<"GET /v1/roles/{role_id}/schedule">;
export type Layer = Schedule["layers"][number];
const PEOPLE = ["owners", "swappers", "viewers", "monitors"] as const;
type Shape = Pick<Schedule, "zone" | "layers" | (typeof PEOPLE)[number]>;

export function Plan({ id }: { id: string }) {
  const path = { role_id: id };
  const load = useLoad(
    async (signal) => {
      const [role, schedule] = await Promise.all([
        ask("GET /v1/roles/{role_id}", { path, signal }),
        ask("GET /v1/roles/{role_id}/schedule", { path, query: { days: 1 }, signal }),
      ]);
      return { role, schedule };
    },
    [id],
  );
  return (
    <Shown load={load} bare>
      {({ role, schedule }) => (
        <>
          <h1>
            <a href={address("oncall", id)}>
              <bdi>{role.name}</bdi>
            </a>
            : {t("plan.title")}
          </h1>
          <Fallback role={role} again={load.again} />
          <Editor id={id} schedule={schedule} />
        </>
      )}
    </Shown>
  );
}

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function Editor({ id, schedule }: { id: string; schedule: Schedule }) {
  const before = useRef(shapeOf(schedule));
  const shape = useSignal<Shape>(before.current);
  const seen = useSignal<Schedule["final"] | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const own = useRef(Symbol("plan"));
  const dirty = JSON.stringify(shape.value) !== JSON.stringify(before.current);
  useEffect(() => {
    keepUnsaved(own.current, dirty);
    return () => keepUnsaved(own.current, false);
  }, [dirty]);
  const nameOf = useNames([
    ...PEOPLE.flatMap((who) => shape.value[who]),
    ...shape.value.layers.flatMap((layer) => layer.participants),
  ]);
  const set = (part: Partial<Shape>): void => {
    shape.value = { ...shape.value, ...part };
    seen.value = null;
  };
  const hand = async (dry: boolean): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      const query = { dry_run: dry, days: 28 };
      const after = await ask("PUT /v1/roles/{role_id}/schedule", {
        path: { role_id: id },
        query,
        body: shape.value,
      });
      if (dry) seen.value = after.final;
      else {
        keepUnsaved(own.current, false);
        go("oncall", id);
      }
    } catch (refused) {
      error.value = refused;
    } finally {
      busy.value = false;
    }
  };
  const { zone } = shape.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void hand(true);
      }}
    >
      <section>
        <h2>{t("plan.layers")}</h2>
        <p class="quiet">{t("plan.layers.about")}</p>
        <div class="field">
          <label for="plan-zone">{t("zone")}</label>
          <input
            id="plan-zone"
            list="zones"
            required
            value={zone}
            aria-describedby="plan-zone-hint"
            onInput={(event) => set({ zone: event.currentTarget.value.trim() })}
          />
          <datalist id="zones">
            {Intl.supportedValuesOf("timeZone").map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <span class="hint" id="plan-zone-hint">
            {t("zone.hint")}
          </span>
        </div>
        <Layers layers={shape.value.layers} nameOf={nameOf} change={(layers) => set({ layers })} />
      </section>
      <section>
        <h2>{t("rights")}</h2>
        {PEOPLE.map((who) => (
          <Several
            key={who}
            label={t(`rights.${who}`)}
            ids={shape.value[who]}
            nameOf={nameOf}
            change={(ids) => set({ [who]: ids })}
          />
        ))}
      </section>
      <section>
        {error.value ? <Failed error={error.value} /> : null}
        <div class="buttons">
          <button type="submit" class={seen.value ? "" : "first"} disabled={busy.value}>
            {t("plan.look")}
          </button>
          {seen.value && (
            <button type="button" class="first" disabled={busy.value} onClick={() => void hand(false)}>
              {t("plan.save")}
            </button>
          )}
          {dirty && <span class="quiet">{t("plan.unsaved")}</span>}
        </div>
        {seen.value && (
          <>
            <h2>{t("plan.would")}</h2>
            <ol class="plain">
              {seen.value.map((one) => (
                <li key={one.starts_at}>
                  {one.person ? one.name : <strong class="gapword">{t("gap")}</strong>}{" "}
                  <span class="quiet">
                    {one.person && `${sayRule(one.rule)}, `}
                    {sayTimes(one, zone || "UTC")}
                  </span>
                </li>
              ))}
            </ol>
          </>
        )}
      </section>
    </form>
  );
}

function shapeOf(schedule: Schedule): Shape {
  const { layers, owners, swappers, viewers, monitors } = schedule;
  return { zone: schedule.zone || here, layers, owners, swappers, viewers, monitors };
}

interface SeveralProps {
  label: string;
  ids: readonly string[];
  nameOf: (id: string) => string;
  change: (ids: string[]) => void;
}

/** People, one after another: added by a few letters, taken away by a button. */
export function Several({ label, ids, nameOf, change }: SeveralProps) {
  return (
    <fieldset>
      <legend>{label}</legend>
      <ul class="plain">
        {ids.map((one) => (
          <li key={one} class="chosen">
            <bdi>{nameOf(one)}</bdi>
            <button type="button" onClick={() => change(ids.filter((other) => other !== one))}>
              {common("remove")}
              <span class="hidden"> {nameOf(one)}</span>
            </button>
          </li>
        ))}
      </ul>
      <Finder
        label={common("add")}
        kinds={["person"]}
        onPick={(one) => {
          learn(one.id, one.name);
          if (!ids.includes(one.id)) change([...ids, one.id]);
        }}
      />
    </fieldset>
  );
}

/** Who answers when nobody holds the role: a person, a group, or the operators' desk. */
function Fallback({ role, again }: { role: Answer<"GET /v1/roles/{role_id}">; again: () => void }) {
  const chosen = useSignal<Choice | null>(null);
  const error = useSignal<unknown>(null);
  const nameOf = useNames([role.fallback]);
  const set = async (fallback: string): Promise<void> => {
    error.value = null;
    try {
      await ask("PATCH /v1/roles/{role_id}", { path: { role_id: role.id }, body: { fallback } });
      chosen.value = null;
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <section>
      <h2>{t("fallback")}</h2>
      <p>{role.fallback === "desk" ? t("fallback.desk") : nameOf(role.fallback)}</p>
      <details>
        <summary>{common("edit")}</summary>
        <Chooser
          label={t("fallback.other")}
          kinds={["person", "group"]}
          chosen={chosen.value}
          onChange={(one) => {
            chosen.value = one;
          }}
        />
        <div class="buttons">
          <button type="button" disabled={!chosen.value} onClick={() => void set(chosen.value?.id ?? "desk")}>
            {t("fallback.set")}
          </button>
          <button type="button" onClick={() => void set("desk")}>
            {t("fallback.set_desk")}
          </button>
        </div>
        {error.value ? <Failed error={error.value} /> : null}
      </details>
    </section>
  );
}
