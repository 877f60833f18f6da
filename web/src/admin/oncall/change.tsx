/** The forms of the calendar: each says what drawing says, and more. Times are those of the role's clock. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { newId } from "../../core/bytes";
import { ask } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { type Choice, Chooser } from "../who/finder";
import { instantOf, wallOf } from "../who/wall";
import { t as common } from "../who/words";
import { sayRule } from "./index";
import { type Line, type Stretch, sayTimes } from "./timeline";
import { t } from "./words";

export type Wanted =
  | { what: "override"; from: number; to: number }
  | { what: "shift"; from: number; to: number }
  | { what: "move"; stretch: Stretch }
  | { what: "swap"; stretch: Stretch }
  | { what: "look"; stretch: Stretch };

interface Props {
  wanted: Wanted | null;
  line: Line;
  zone: string;
  close: (changed: boolean) => void;
}

export function Change({ wanted, line, zone, close }: Props) {
  const inner = useSignal<Wanted | null>(null);
  useEffect(() => {
    inner.value = wanted;
  }, [wanted, inner]);
  const now = inner.value;
  return (
    <Dialog open={now !== null} title={now ? t(`change.${now.what}`) : ""} onClose={() => close(false)}>
      {now?.what === "look" && (
        <Look
          stretch={now.stretch}
          line={line}
          zone={zone}
          close={close}
          next={(wish) => {
            inner.value = wish;
          }}
        />
      )}
      {now && now.what !== "look" && <Times key={now.what} wanted={now} line={line} zone={zone} close={close} />}
    </Dialog>
  );
}

/** What a bar says, and what can be done with it. */
function Look({
  stretch,
  line,
  zone,
  close,
  next,
}: {
  stretch: Stretch;
  line: Line;
  zone: string;
  close: (changed: boolean) => void;
  next: (wanted: Wanted) => void;
}) {
  const error = useSignal<unknown>(null);
  const byHand = stretch.source.startsWith("shf_");
  const [from, to] = [Date.parse(stretch.starts_at), Date.parse(stretch.ends_at)];
  const remove = async (): Promise<void> => {
    try {
      await ask("DELETE /v1/shifts/{shift_id}", { path: { shift_id: stretch.source } });
      close(true);
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <>
      <p>
        <strong>{stretch.person ? stretch.name : t("gap")}</strong> <span class="quiet">{sayRule(stretch.rule)}</span>
      </p>
      <p>{sayTimes(stretch, zone)}</p>
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        {line.may_change && (
          <button
            type="button"
            class="first"
            onClick={() => next({ what: "override", from: Math.max(from, Date.now()), to: Math.max(to, Date.now()) })}
          >
            {t("override")}
          </button>
        )}
        {line.may_change && byHand && (
          <>
            <button type="button" onClick={() => next({ what: "move", stretch })}>
              {t("move")}
            </button>
            <button type="button" class="danger" onClick={() => void remove()}>
              {common("remove")}
            </button>
          </>
        )}
        {stretch.source && stretch.person && !stretch.source.startsWith("swp_") && (
          <button type="button" onClick={() => next({ what: "swap", stretch })}>
            {t("swap.offer")}
          </button>
        )}
        <button type="submit">{common("cancel")}</button>
      </div>
    </>
  );
}

function Times({
  wanted,
  line,
  zone,
  close,
}: {
  wanted: Exclude<Wanted, { what: "look" }>;
  line: Line;
  zone: string;
  close: (changed: boolean) => void;
}) {
  const given = "stretch" in wanted ? wanted.stretch : null;
  const begin = useSignal(wallOf(given?.starts_at ?? ("from" in wanted ? wanted.from : 0), zone));
  const end = useSignal(wallOf(given?.ends_at ?? ("to" in wanted ? wanted.to : 0), zone));
  const person = useSignal<Choice | null>(null);
  const key = useSignal(newId());
  const notes = useSignal<readonly string[]>([]);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const asksWho = wanted.what !== "move";
  const wrong = !(instantOf(end.value, zone) > instantOf(begin.value, zone));
  const save = async (): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      const said = await hand(wanted, line, begin.value, end.value, zone, person.value?.id ?? "", key.value);
      // On the night of the clock the server says what the times mean: that is to be read before it closes.
      if (said.length) notes.value = said;
      else close(true);
    } catch (refused) {
      error.value = refused;
      key.value = newId();
    } finally {
      busy.value = false;
    }
  };
  const ready = !busy.value && !wrong && !(asksWho && !person.value);
  // Enter in a field of a dialog would press its first button that hands in, which cancels.
  const enter = (event: KeyboardEvent): void => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (ready) void save();
  };
  if (notes.value.length)
    return (
      <>
        <p role="status">{common("saved")}</p>
        <ul>
          {notes.value.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
        <div class="buttons">
          <button type="button" class="first" onClick={() => close(true)}>
            {t("read")}
          </button>
        </div>
      </>
    );
  return (
    <>
      {asksWho && (
        <Chooser
          label={wanted.what === "swap" ? t("swap.taker") : t("who")}
          kinds={["person"]}
          chosen={person.value}
          onChange={(one) => {
            person.value = one;
          }}
        />
      )}
      <div class="field">
        <label for="change-begin">{t("begin")}</label>
        <input
          id="change-begin"
          type="datetime-local"
          value={begin.value}
          onKeyDown={enter}
          onInput={(event) => {
            begin.value = event.currentTarget.value;
          }}
        />
      </div>
      <div class="field">
        <label for="change-end">{t("end")}</label>
        <input
          id="change-end"
          type="datetime-local"
          value={end.value}
          onKeyDown={enter}
          aria-invalid={wrong ? "true" : undefined}
          aria-describedby="change-about"
          onInput={(event) => {
            end.value = event.currentTarget.value;
          }}
        />
        <span class="hint" id="change-about">
          {wrong ? t("end.before") : t("clock", { zone })}
        </span>
      </div>
      {wanted.what === "override" && <p class="quiet">{t("override.about")}</p>}
      {wanted.what === "swap" && <p class="quiet">{t("swap.about")}</p>}
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button type="button" class="first" disabled={!ready} onClick={() => void save()}>
          {t(`save.${wanted.what}`)}
        </button>
        <button type="submit">{common("cancel")}</button>
      </div>
    </>
  );
}

/** Hand a change in; what comes back is what its times mean, where that is not plain. */
async function hand(
  wanted: Exclude<Wanted, { what: "look" }>,
  line: Line,
  begin: string,
  end: string,
  zone: string,
  person: string,
  key: string,
): Promise<readonly string[]> {
  const times = { starts_at: written(begin, line, zone), ends_at: written(end, line, zone) };
  const path = { role_id: line.role };
  if (wanted.what === "override")
    return (await ask("POST /v1/roles/{role_id}/overrides", { path, body: { person, ...times }, key })).notes ?? [];
  if (wanted.what === "shift")
    return (await ask("POST /v1/roles/{role_id}/shifts", { path, body: { person, ...times }, key })).notes ?? [];
  if (wanted.what === "swap") {
    const body = { shift: wanted.stretch.source, taker: person, ...times };
    return (await ask("POST /v1/roles/{role_id}/swaps", { path, body, key })).notes ?? [];
  }
  const shift = { shift_id: wanted.stretch.source };
  return (await ask("PATCH /v1/shifts/{shift_id}", { path: shift, body: times })).notes ?? [];
}

/** The wall's time where the role has a schedule, whose zone the server knows; else the instant. */
function written(wall: string, line: Line, zone: string): string {
  return line.zone ? `${wall}:00` : new Date(instantOf(wall, zone)).toISOString();
}
