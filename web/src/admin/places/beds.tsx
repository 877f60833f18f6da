/** Beds with who has each, first, second and third; given to people a whole shift at once. */

import { useSignal } from "@preact/signals";
import { newId } from "../../core/bytes";
import { ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Table } from "../parts/table";
import { address, may } from "../state";
import { type Choice, Chooser } from "../who/finder";
import { time } from "../words";
import type { PlaceOut } from "./index";
import { t } from "./words";

const RANKS = ["primary", "secondary", "tertiary"] as const;
type Rank = (typeof RANKS)[number];
type Assignment = PlaceOut["assignments"][number];

/** Who has a bed now by a rank: of overlapping assignments the latest written, which comes last of one beginning. Pure. */
export function holds(bed: PlaceOut, rank: Rank, now: number): Assignment | undefined {
  return bed.assignments
    .filter(
      (one) =>
        one.rank === rank && Date.parse(one.starts_at) <= now && !(one.ends_at && Date.parse(one.ends_at) <= now),
    )
    .at(-1);
}

export function Beds({ beds, again }: { beds: readonly PlaceOut[]; again: () => void }) {
  const error = useSignal<unknown>(null);
  const now = Date.now();
  const take = async (one: Assignment): Promise<void> => {
    error.value = null;
    try {
      await ask("DELETE /v1/assignments/{assignment_id}", { path: { assignment_id: one.id } });
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <section>
      <h2>{t("beds.title")}</h2>
      {error.value ? <Failed error={error.value} /> : null}
      <Table
        caption={t("beds.title")}
        rows={beds}
        keyOf={(bed) => bed.id}
        empty={t("beds.none")}
        columns={[
          {
            key: "bed",
            head: t("kind.bed"),
            value: (bed) => bed.name,
            cell: (bed) => <a href={address("places", bed.id)}>{bed.name}</a>,
          },
          ...RANKS.map((rank) => ({
            key: rank,
            head: t(`rank.${rank}`),
            cell: (bed: PlaceOut) => <Held held={holds(bed, rank, now)} take={may("bed.assign") ? take : null} />,
          })),
          {
            key: "later",
            head: t("beds.later"),
            cell: (bed) =>
              bed.assignments
                .filter((one) => Date.parse(one.starts_at) > now)
                .map((one) => (
                  <p key={one.id}>
                    {one.name}, {t(`rank.${one.rank}`)}, {time(one.starts_at, false)}
                  </p>
                )),
          },
        ]}
      />
      {may("bed.assign") && beds.length > 0 && (
        <details>
          <summary>{t("assign.title")}</summary>
          <Assign beds={beds} done={again} />
        </details>
      )}
    </section>
  );
}

function Held({ held, take }: { held: Assignment | undefined; take: ((one: Assignment) => Promise<void>) | null }) {
  if (!held) return <span class="quiet">{t("beds.nobody")}</span>;
  return (
    <>
      <a href={address("people", held.person)}>{held.name}</a>{" "}
      {held.ends_at && <span class="quiet">{t("until", { time: time(held.ends_at, false) })}</span>}
      {take && (
        <button type="button" onClick={() => void take(held)}>
          {t("beds.take")}
          <span class="hidden"> {held.name}</span>
        </button>
      )}
    </>
  );
}

/** Some of the beds to somebody: from now or later, until an end or until changed. */
function Assign({ beds, done }: { beds: readonly PlaceOut[]; done: () => void }) {
  const chosen = useSignal<ReadonlySet<string>>(new Set(beds.length === 1 ? [beds[0]?.id ?? ""] : []));
  const person = useSignal<Choice | null>(null);
  const rank = useSignal<Rank>("primary");
  const from = useSignal("");
  const to = useSignal("");
  const error = useSignal<unknown>(null);
  const key = useSignal(newId());
  const give = async (): Promise<void> => {
    error.value = null;
    const instant = (wall: string): string | null => (wall ? new Date(wall).toISOString() : null);
    try {
      const assignments = [...chosen.value].map((place) => ({
        place,
        person: person.value?.id ?? "",
        rank: rank.value,
        starts_at: instant(from.value),
        ends_at: instant(to.value),
      }));
      await ask("POST /v1/assignments", { body: { assignments }, key: key.value });
      chosen.value = new Set();
      key.value = newId();
      done();
    } catch (refused) {
      error.value = refused;
      key.value = newId();
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void give();
      }}
    >
      <fieldset>
        <legend>{t("assign.beds")}</legend>
        <div class="filter">
          {beds.map((bed) => (
            <label key={bed.id}>
              <input
                type="checkbox"
                checked={chosen.value.has(bed.id)}
                onChange={(event) => {
                  const after = new Set(chosen.value);
                  if (event.currentTarget.checked) after.add(bed.id);
                  else after.delete(bed.id);
                  chosen.value = after;
                }}
              />{" "}
              {bed.name}
            </label>
          ))}
          <button
            type="button"
            onClick={() => {
              chosen.value = new Set(beds.map(({ id }) => id));
            }}
          >
            {t("assign.all")}
          </button>
        </div>
      </fieldset>
      <Chooser
        label={t("assign.who")}
        kinds={["person"]}
        chosen={person.value}
        onChange={(one) => {
          person.value = one;
        }}
      />
      <div class="columns">
        <div class="field">
          <label for="assign-rank">{t("assign.rank")}</label>
          <select
            id="assign-rank"
            value={rank.value}
            onChange={(event) => {
              rank.value = event.currentTarget.value as Rank;
            }}
          >
            {RANKS.map((one) => (
              <option key={one} value={one}>
                {t(`rank.${one}`)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="assign-from">{t("assign.from")}</label>
          <input
            id="assign-from"
            type="datetime-local"
            value={from.value}
            onInput={(event) => {
              from.value = event.currentTarget.value;
            }}
          />
        </div>
        <div class="field">
          <label for="assign-to">{t("assign.to")}</label>
          <input
            id="assign-to"
            type="datetime-local"
            value={to.value}
            onInput={(event) => {
              to.value = event.currentTarget.value;
            }}
          />
        </div>
      </div>
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button type="submit" class="first" disabled={!person.value || chosen.value.size === 0}>
          {t("assign.give")}
        </button>
      </div>
    </form>
  );
}
