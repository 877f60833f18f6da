/** A field that finds people, roles, groups or places as they are typed, and a way to choose one of them. */

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { type Answer, ask } from "../../core/rest";
import { say } from "../parts/faces";
import { t } from "./words";

export type Found = Answer<"GET /v1/search">["data"][number];
export interface Choice {
  id: string;
  name: string;
}

interface Props {
  label: string;
  /** Only of these kinds; none = of all. */
  kinds?: readonly ("person" | "role" | "group" | "place")[];
  onPick: (found: Found) => void;
  hint?: string;
}

const PAUSE_MS = 150;

export function Finder({ label, kinds, onPick, hint }: Props) {
  const typed = useSignal("");
  const found = useSignal<Found[] | null>(null);
  const error = useSignal<unknown>(null);
  const id = useId();
  const only = kinds?.length === 1 ? kinds[0] : undefined;
  const wanted = typed.value.trim();
  useEffect(() => {
    found.value = null;
    if (!wanted) return;
    const mine = new AbortController();
    const timer = setTimeout(() => {
      ask("GET /v1/search", {
        query: { q: wanted, limit: 20, ...(only ? { kind: only } : {}) },
        signal: mine.signal,
      }).then(
        ({ data }) => {
          error.value = null;
          found.value = kinds ? data.filter((one) => kinds.some((kind) => kind === one.kind)) : data;
        },
        (refused: unknown) => {
          if (!mine.signal.aborted) error.value = refused;
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      mine.abort();
    };
  }, [wanted, only, kinds, found, error]);
  const take = (one: Found): void => {
    typed.value = "";
    found.value = null;
    onPick(one);
  };
  return (
    <div class="field finder">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        aria-describedby={`${id}-hint`}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          // Enter takes the first that was found; it must not hand in the form around.
          if (event.key !== "Enter") return;
          event.preventDefault();
          const [first] = found.value ?? [];
          if (first) take(first);
        }}
      />
      <span class="hint" id={`${id}-hint`}>
        {hint ?? t("find.hint")}
      </span>
      {error.value ? <span class="fault">{say(error.value)}</span> : null}
      <div role="status">
        {found.value?.length === 0 && <span class="quiet">{t("find.none")}</span>}
        {found.value && found.value.length > 0 && (
          <ul class="plain found">
            {found.value.map((one) => (
              <li key={one.id}>
                <button type="button" onClick={() => take(one)}>
                  <bdi>{one.name}</bdi>
                  <span class="quiet">
                    {[kinds?.length === 1 ? "" : t(`kind.${one.kind as "person"}`), one.title, one.where]
                      .filter(Boolean)
                      .join(" · ")}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** A field for one of them: the finder until somebody is chosen, then who it is. */
export function Chooser({
  chosen,
  onChange,
  ...finder
}: Omit<Props, "onPick"> & { chosen: Choice | null; onChange: (chosen: Found | null) => void }) {
  if (!chosen) return <Finder {...finder} onPick={onChange} />;
  return (
    <div class="field">
      <strong>{finder.label}</strong>
      <span class="chosen">
        <bdi>{chosen.name}</bdi>
        <button type="button" onClick={() => onChange(null)}>
          {t("find.other")}
        </button>
      </span>
    </div>
  );
}
