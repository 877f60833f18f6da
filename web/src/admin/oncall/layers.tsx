/** The rotations of a plan: each a sentence of fields. Of several the first holds that has somebody. */

import { Labelled } from "../parts/labelled";
import { Finder } from "../who/finder";
import { learn } from "../who/names";
import { t as common } from "../who/words";
import type { Layer } from "./plan";
import { t } from "./words";

type Window = NonNullable<Layer["windows"]>[number];
const LENGTHS = [8, 12, 24, 48, 168, 336] as const;
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
interface Props {
  layers: readonly Layer[];
  nameOf: (id: string) => string;
  change: (layers: Layer[]) => void;
}

export function Layers({ layers, nameOf, change }: Props) {
  const put = (nth: number, layer: Layer): void => change(layers.map((one, at) => (at === nth ? layer : one)));
  return (
    <>
      {layers.map((layer, nth) => (
        // A layer has no id of its own: its place is what it is.
        <fieldset key={nth} class="layer">
          <legend>{t("layer", { n: nth + 1 })}</legend>
          <One nth={nth} layer={layer} nameOf={nameOf} put={(after) => put(nth, after)} />
          <div class="buttons">
            <button type="button" disabled={nth === 0} onClick={() => change(swapped(layers, nth - 1))}>
              {t("layer.up")}
              <span class="hidden"> {layer.name}</span>
            </button>
            <button type="button" disabled={nth === layers.length - 1} onClick={() => change(swapped(layers, nth))}>
              {t("layer.down")}
              <span class="hidden"> {layer.name}</span>
            </button>
            <button type="button" class="danger" onClick={() => change(layers.filter((_, at) => at !== nth))}>
              {t("layer.remove")}
              <span class="hidden"> {layer.name}</span>
            </button>
          </div>
        </fieldset>
      ))}
      <button type="button" onClick={() => change([...layers, fresh(layers.length + 1)])}>
        {t("layer.new")}
      </button>
    </>
  );
}

function lengthOf(hours: number): string {
  if (hours % 168 === 0) return t("weeks", { n: hours / 168 });
  return hours % 24 === 0 ? t("days", { n: hours / 24 }) : t("hours", { n: hours });
}

function fresh(nth: number): Layer {
  const day = new Date().toISOString().slice(0, 10);
  return { name: t("layer.name", { n: nth }), participants: [], starts: `${day}T08:00:00`, length_h: 168 };
}

/** A list in which one and its next have changed places. Pure. */
export function swapped<T>(list: readonly T[], nth: number): T[] {
  const [one, next] = [list[nth], list[nth + 1]];
  if (one === undefined || next === undefined) return [...list];
  return [...list.slice(0, nth), next, one, ...list.slice(nth + 2)];
}

function One({
  nth,
  layer,
  nameOf,
  put,
}: {
  nth: number;
  layer: Layer;
  nameOf: (id: string) => string;
  put: (layer: Layer) => void;
}) {
  const id = `layer-${nth}`;
  const people = layer.participants;
  const windows = layer.windows ?? [];
  const usual = LENGTHS.some((one) => one === layer.length_h);
  return (
    <>
      <div class="columns">
        <Labelled
          label={t("layer.called")}
          required
          value={layer.name}
          onChange={(typed) => put({ ...layer, name: typed })}
        />
        <Labelled
          label={t("layer.length")}
          value={layer.length_h}
          options={(usual ? LENGTHS : [...LENGTHS, layer.length_h]).map((one) => [one, lengthOf(one)] as const)}
          onChange={(chosen) => put({ ...layer, length_h: Number(chosen) })}
        />
        <Labelled
          label={t("layer.starts")}
          hint={t("layer.starts.hint")}
          type="datetime-local"
          required
          value={layer.starts.slice(0, 16)}
          onChange={(typed) => put({ ...layer, starts: `${typed}:00` })}
        />
      </div>
      <h3>{t("layer.people")}</h3>
      <ol>
        {people.map((one, at) => (
          // Somebody may take two turns of a round.
          <li key={`${one} ${at}`}>
            <span class="chosen">
              <bdi>{nameOf(one)}</bdi>
              <button
                type="button"
                disabled={at === 0}
                onClick={() => put({ ...layer, participants: swapped(people, at - 1) })}
              >
                {t("layer.up")}
                <span class="hidden"> {nameOf(one)}</span>
              </button>
              <button
                type="button"
                onClick={() => put({ ...layer, participants: people.filter((_, other) => other !== at) })}
              >
                {common("remove")}
                <span class="hidden"> {nameOf(one)}</span>
              </button>
            </span>
          </li>
        ))}
      </ol>
      <Finder
        label={t("layer.add")}
        kinds={["person"]}
        onPick={(one) => {
          learn(one.id, one.name);
          put({ ...layer, participants: [...people, one.id] });
        }}
      />
      <h3>{t("window.title")}</h3>
      {windows.length === 0 && <p class="quiet">{t("window.always")}</p>}
      {windows.map((window, at) => (
        <Hours
          key={at}
          id={`${id}-w${at}`}
          window={window}
          put={(after) => put({ ...layer, windows: windows.map((one, other) => (other === at ? after : one)) })}
          remove={() => put({ ...layer, windows: windows.filter((_, other) => other !== at) })}
        />
      ))}
      <button
        type="button"
        onClick={() => put({ ...layer, windows: [...windows, { from: "19:00", to: "07:00", weekdays: [] }] })}
      >
        {t("window.add")}
      </button>
    </>
  );
}

function Hours({
  id,
  window,
  put,
  remove,
}: {
  id: string;
  window: Window;
  put: (window: Window) => void;
  remove: () => void;
}) {
  const days = window.weekdays ?? [];
  return (
    <div class="filter">
      {WEEKDAYS.map((day) => (
        <label key={day}>
          <input
            type="checkbox"
            checked={days.length === 0 || days.includes(day)}
            onChange={(event) => {
              const held = days.length === 0 ? [...WEEKDAYS] : days;
              const after = WEEKDAYS.filter((one) =>
                one === day ? event.currentTarget.checked : held.includes(one),
              );
              if (after.length > 0) put({ ...window, weekdays: after.length === 7 ? [] : after });
            }}
          />{" "}
          {t(`day.${day}`)}
        </label>
      ))}
      <label for={`${id}-from`}>{t("window.from")}</label>
      <input
        id={`${id}-from`}
        type="time"
        required
        value={window.from}
        onInput={(event) => put({ ...window, from: event.currentTarget.value })}
      />
      <label for={`${id}-to`}>{t("window.to")}</label>
      <input
        id={`${id}-to`}
        type="time"
        required
        value={window.to}
        onInput={(event) => put({ ...window, to: event.currentTarget.value })}
      />
      <button type="button" onClick={remove}>
        {common("remove")}
        <span class="hidden">
          {" "}
          {window.from}–{window.to}
        </span>
      </button>
    </div>
  );
}
