/** All that the site, a group or a device says of how devices behave: a line for each setting, which may be locked. */

import { useSignal } from "@preact/signals";
import type { Answer } from "../../core/rest";
import { Failed } from "../parts/faces";
import { t as common } from "../who/words";
import { t } from "./words";

type Said = Answer<"GET /v1/device-settings">;
type Value = Said["values"][string];

interface Props {
  layer: Said;
  /** What there is to be set, with the value that holds now. */
  known?: Record<string, { value: Value; about: string }>;
  save: (body: { values: Record<string, Value>; locked: string[] }) => Promise<unknown>;
  saved: () => void;
}

interface Line {
  key: string;
  text: string;
  locked: boolean;
}

/** A value as somebody types it: what reads as one is a number, all else is text. Pure. */
export function readValue(text: string): Value {
  const trimmed = text.trim();
  return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

export function Layer({ layer, known, save, saved }: Props) {
  const lines = useSignal<Line[]>(
    Object.entries(layer.values).map(([key, value]) => ({
      key,
      text: String(value),
      locked: layer.locked.includes(key),
    })),
  );
  const fresh = useSignal("");
  const error = useSignal<unknown>(null);
  const change = (nth: number, part: Partial<Line>): void => {
    lines.value = lines.value.map((line, at) => (at === nth ? { ...line, ...part } : line));
  };
  const open = Object.keys(known ?? {}).filter((key) => !lines.value.some((line) => line.key === key));
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault();
        error.value = null;
        try {
          await save({
            values: Object.fromEntries(lines.value.map(({ key, text }) => [key, readValue(text)])),
            locked: lines.value.filter(({ locked }) => locked).map(({ key }) => key),
          });
          saved();
        } catch (refused) {
          error.value = refused;
        }
      }}
    >
      {lines.value.length === 0 && <p class="quiet">{t("layer.none")}</p>}
      <ul class="plain">
        {lines.value.map((line, nth) => (
          <li key={line.key} class="filter">
            <label for={`layer-${line.key}`}>
              <code>{line.key}</code>
            </label>
            <input
              id={`layer-${line.key}`}
              value={line.text}
              onInput={(event) => change(nth, { text: event.currentTarget.value })}
            />
            <label>
              <input
                type="checkbox"
                checked={line.locked}
                onChange={(event) => change(nth, { locked: event.currentTarget.checked })}
              />{" "}
              {t("layer.lock")}
              <span class="hidden"> {line.key}</span>
            </label>
            <button
              type="button"
              onClick={() => {
                lines.value = lines.value.filter((_, at) => at !== nth);
              }}
            >
              {common("remove")}
              <span class="hidden"> {line.key}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="filter">
        <label for="layer-new">{t("layer.new")}</label>
        <input
          id="layer-new"
          list="layer-known"
          value={fresh.value}
          onInput={(event) => {
            fresh.value = event.currentTarget.value;
          }}
        />
        <datalist id="layer-known">
          {open.map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
        <button
          type="button"
          disabled={!fresh.value.trim() || lines.value.some(({ key }) => key === fresh.value.trim())}
          onClick={() => {
            const key = fresh.value.trim();
            lines.value = [...lines.value, { key, text: String(known?.[key]?.value ?? ""), locked: false }];
            fresh.value = "";
          }}
        >
          {common("add")}
        </button>
      </div>
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button type="submit" class="first">
          {t("layer.save")}
        </button>
      </div>
    </form>
  );
}
