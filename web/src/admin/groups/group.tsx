/** One group: who is in it and why, changed after it was looked at who would be. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { address, may } from "../state";
import { Finder } from "../who/finder";
import { learn, useNames } from "../who/names";
import { t as common } from "../who/words";
import type { GroupOut } from "./index";
import { count, t } from "./words";

type Preview = Answer<"POST /v1/groups/preview">;

export function Group({ id }: { id: string }) {
  const path = { group_id: id };
  const load = useLoad(
    async (signal) => {
      const [group, people, all] = await Promise.all([
        ask("GET /v1/groups/{group_id}", { path, signal }),
        ask("GET /v1/groups/{group_id}/people", { path, query: { limit: 200 }, signal }),
        ask("GET /v1/groups", { query: { limit: 200 }, signal }),
      ]);
      for (const one of people.data) learn(one.id, one.name);
      return { group, people, names: Object.fromEntries(all.data.map((one) => [one.id, one.name])) };
    },
    [id],
  );
  return (
    <Shown load={load} bare>
      {({ group, people, names }) => (
        <>
          <h1>
            <bdi>{group.name}</bdi>
          </h1>
          {group.disabled && (
            <p>
              <strong>{common("disabled")}</strong>
            </p>
          )}
          <section>
            <h2>{count("people_in_it", group.people_count)}</h2>
            <Table
              caption={t("people")}
              rows={people.data}
              keyOf={(one) => one.id}
              empty={t("empty")}
              filter={people.data.length > 10}
              columns={[
                {
                  key: "name",
                  head: t("name"),
                  value: (one) => one.name,
                  cell: (one) => <a href={address("people", one.id)}>{one.name}</a>,
                },
                { key: "title", head: t("job"), value: (one) => one.title, cell: (one) => one.title },
                {
                  key: "why",
                  head: t("why"),
                  cell: (one) => (group.members.includes(one.id) ? t("why.name") : t("why.other")),
                },
              ]}
            />
            {people.next && <p class="quiet">{t("more")}</p>}
          </section>
          {may("directory.write") && (
            <Edit key={JSON.stringify(group)} group={group} groups={names} again={load.again} />
          )}
        </>
      )}
    </Shown>
  );
}

function Edit({ group, groups, again }: { group: GroupOut; groups: Record<string, string>; again: () => void }) {
  const name = useSignal(group.name);
  const members = useSignal<readonly string[]>(group.members);
  const within = useSignal<readonly string[]>(group.groups);
  const rule = useSignal(group.rule);
  const seen = useSignal<Preview | null>(null);
  const error = useSignal<unknown>(null);
  const named = useSignal(groups);
  const nameOf = useNames(members.value);
  const look = async (): Promise<void> => {
    error.value = null;
    try {
      const body = { members: [...members.value], groups: [...within.value], rule: rule.value };
      seen.value = await ask("POST /v1/groups/preview", { body });
    } catch (refused) {
      error.value = refused;
      seen.value = null;
    }
  };
  const save = async (disabled = group.disabled): Promise<void> => {
    error.value = null;
    try {
      await ask("PATCH /v1/groups/{group_id}", {
        path: { group_id: group.id },
        body: {
          name: name.value.trim(),
          ...differenceOf(group.members, members.value),
          groups: [...within.value],
          rule: rule.value,
          disabled,
        },
      });
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <section>
      <h2>{common("edit")}</h2>
      <form
        onInput={() => {
          seen.value = null;
        }}
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <div class="field">
          <label for="group-name">{t("name")}</label>
          <input
            id="group-name"
            required
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </div>
        <Chosen
          legend={t("by_name")}
          ids={members.value}
          nameOf={nameOf}
          kinds={PERSON}
          change={(ids, found) => {
            if (found) learn(found.id, found.name);
            members.value = ids;
            seen.value = null;
          }}
        />
        <Chosen
          legend={t("within")}
          ids={within.value}
          nameOf={(id) => named.value[id] ?? id}
          kinds={GROUP}
          change={(ids, found) => {
            if (found) named.value = { ...named.value, [found.id]: found.name };
            within.value = ids;
            seen.value = null;
          }}
        />
        <div class="field">
          <label for="group-rule">{t("rule")}</label>
          <textarea
            id="group-rule"
            rows={3}
            spellcheck={false}
            value={rule.value}
            aria-describedby="group-rule-hint"
            onInput={(event) => {
              rule.value = event.currentTarget.value;
            }}
          />
          <span class="hint" id="group-rule-hint">
            {t("rule.hint")}
          </span>
        </div>
        {error.value ? <Failed error={error.value} /> : null}
        <div class="buttons">
          <button type="submit" class={seen.value ? "" : "first"}>
            {t("look")}
          </button>
          {seen.value && (
            <button type="button" class="first" onClick={() => void save()}>
              {t("save")}
            </button>
          )}
          <button type="button" class={group.disabled ? "" : "danger"} onClick={() => void save(!group.disabled)}>
            {group.disabled ? t("enable") : t("disable")}
          </button>
        </div>
        {seen.value && (
          <div class="played" role="status">
            <p>
              <strong>{count("would_be", seen.value.people_count)}</strong>{" "}
              {rule.value && <span class="quiet">{count("ruled", seen.value.ruled)}</span>}
            </p>
            <p>{seen.value.people.map((one) => one.name).join(", ")}</p>
          </div>
        )}
      </form>
    </section>
  );
}

const PERSON = ["person"] as const;
const GROUP = ["group"] as const;

/** Who comes in and who goes out. Pure. */
export function differenceOf(
  before: readonly string[],
  after: readonly string[],
): { add: string[]; remove: string[] } {
  return {
    add: after.filter((one) => !before.includes(one)),
    remove: before.filter((one) => !after.includes(one)),
  };
}

interface ChosenProps {
  legend: string;
  ids: readonly string[];
  nameOf: (id: string) => string;
  kinds: typeof PERSON | typeof GROUP;
  change: (ids: string[], found?: { id: string; name: string }) => void;
}

function Chosen({ legend, ids, nameOf, kinds, change }: ChosenProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      <ul class="plain">
        {ids.map((id) => (
          <li key={id} class="chosen">
            <bdi>{nameOf(id)}</bdi>
            <button type="button" onClick={() => change(ids.filter((one) => one !== id))}>
              {common("remove")}
              <span class="hidden"> {nameOf(id)}</span>
            </button>
          </li>
        ))}
      </ul>
      <Finder
        label={common("add")}
        kinds={kinds}
        onPick={(found) => change(ids.includes(found.id) ? [...ids] : [...ids, found.id], found)}
      />
    </fieldset>
  );
}
