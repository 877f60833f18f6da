/** What was loaded, with the faces of waiting and failing, how old it is, and a button that asks once more. */

import type { ComponentChildren } from "preact";
import { t, time } from "../words";
import { Failed, Loading } from "./faces";
import type { Load } from "./load";

interface Props<T> {
  load: Load<T>;
  /** Without the line that says how old it is. */
  bare?: boolean;
  children: (value: T) => ComponentChildren;
}

export function Shown<T>({ load, bare, children }: Props<T>) {
  const { value, error, busy, at } = load.now.value;
  const { frozen } = load;
  if (value === null) return error ? <Failed error={error} again={load.again} /> : <Loading />;
  return (
    <>
      {error ? <Failed error={error} again={load.again} /> : null}
      {!bare && (
        <p class={error ? "asof stale" : "asof"}>
          <span>{t("face.asof", { time: time(at) })}</span>
          <button type="button" disabled={busy} onClick={load.again}>
            {t("face.refresh")}
          </button>
          {frozen && (
            <button
              type="button"
              aria-pressed={frozen.value}
              onClick={() => {
                frozen.value = !frozen.value;
              }}
            >
              {t("face.freeze")}
            </button>
          )}
        </p>
      )}
      {children(value)}
    </>
  );
}
