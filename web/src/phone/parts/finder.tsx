/** One field that finds people, roles, groups and places, and shows who answers for them now. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Found } from "../../core/device/frames";
import { count, isKey, t } from "../../core/i18n";
import { client } from "../state";

const PAUSE_MS = 150;
const MOST = 20;

interface Wishes {
  label: string;
  placeholder: string;
  kind?: string;
  onChoose: (found: Found) => void;
  clear?: boolean;
}

export function Finder({ label, placeholder, kind = "", onChoose, clear = false }: Wishes) {
  const query = useSignal("");
  const found = useSignal<Found[] | null | undefined>(undefined);
  const busy = useSignal(false);
  const latest = useRef(0);
  const field = useId();
  const wanted = query.value.trim();
  useEffect(() => {
    const mine = ++latest.current;
    if (!wanted) {
      found.value = undefined;
      busy.value = false;
      return;
    }
    busy.value = true;
    const timer = setTimeout(async () => {
      const answer = (await client.peek()?.search(wanted, MOST, kind)) ?? null;
      if (latest.current !== mine) return; // somebody has typed on
      found.value = answer;
      busy.value = false;
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted, kind]);
  const choose = (one: Found) => (): void => {
    if (clear) query.value = "";
    onChoose(one);
  };
  return (
    <div class="finder">
      <label for={field}>{label}</label>
      <input
        id={field}
        type="search"
        autoComplete="off"
        placeholder={placeholder}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
        }}
      />
      <p class="quiet" role="status">
        {busy.value
          ? t("compose.searching")
          : found.value === null
            ? t("compose.offline")
            : found.value?.length === 0
              ? t("compose.none", { q: wanted })
              : ""}
      </p>
      {!!found.value?.length && (
        <ul class="found">
          {found.value.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={choose(one)}>
                <span class="kind">{kindOf(one)}</span>
                <span class="name">
                  <bdi>{one.name}</bdi>
                </span>
                <span class="about">{about(one)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function kindOf(found: Found): string {
  const key = `kind.${found.kind}`;
  return isKey(key) ? t(key) : found.kind;
}

export function statusOf(status: string): string {
  const key = `status.${status}`;
  return isKey(key) ? t(key) : status;
}

/** What matters of somebody before one writes to them. */
export function about(found: Found): string {
  const parts = [found.title, found.where];
  if (found.kind === "person") {
    if (found.status) parts.push(statusOf(found.status));
    if (found.on_call?.length) parts.push(t("found.oncall", { roles: found.on_call.join(", ") }));
    if (found.reach === "none") parts.push(t("found.reach.none"));
  }
  if (found.answers?.length) parts.push(t("found.answers", { who: found.answers.map((one) => one.name).join(", ") }));
  else if (found.kind === "role") parts.push(t("found.nobody"));
  if (found.kind === "group") parts.push(count("compose.people", found.people ?? 0));
  return parts.filter(Boolean).join(" · ");
}
