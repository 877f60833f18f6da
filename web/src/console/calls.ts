/** A code call that is being made: type, place, the sentence that is read back; and those that run. */

import { computed, effect, signal } from "@preact/signals";
import { sayCode } from "../core/i18n/refused";
import { each } from "../core/rest";
import { plainPlace } from "./commands";
import { find } from "./find/finder";
import type { Entry } from "./find/index";
import { lookUp } from "./search";
import { showAndFocus } from "./show";
import { type DryRun, isAway, type PolicyOut, tryMessage, whyNot } from "./site";
import { client, database, foreign, outbox, running, say } from "./state";
import { t } from "./words";

/** A kind of call: a policy that calls a team. */
export interface CodeType {
  id: string;
  name: string;
}

export type Stage = "type" | "place" | "confirm" | "sending" | "running" | "refused";

export const types = signal<readonly CodeType[]>([]);
export const call = {
  stage: signal<Stage>("type"),
  type: signal<CodeType | null>(null),
  typed: signal(""),
  place: signal<Entry | null>(null),
  drill: signal(false),
  caller: signal(""),
};
/** Places that what was typed may mean. */
export const offered = signal<readonly Entry[]>([]);
export const trial = signal<DryRun | { away: boolean; why: string } | null>(null);
/** The entry of the outbox, while its answer is waited for. */
const sending = signal("");
/** The call that runs at this place already, and the site's words of why not. */
export const refusal = signal({ message: "", why: "" });

const CELLS_MOST = 9;
const MOST = 6;

// What there is --------------------------------------------------------------------------------------------------

const callsTeam = (policy: PolicyOut): boolean =>
  !policy.disabled && policy.steps.some((step) => (step.quorum ?? []).length > 0);

/** Take up the types that were kept, and ask for them anew: they are there while the site is away. */
export async function loadTypes(): Promise<void> {
  types.value = (await database.get<CodeType[]>("state", "codes").catch(() => undefined)) ?? [];
  const found: CodeType[] = [];
  try {
    for await (const policy of each("GET /v1/policies", { query: {} }))
      if (callsTeam(policy)) found.push({ id: policy.id, name: policy.name });
  } catch {
    return;
  }
  found.sort((one, other) => one.name.localeCompare(other.name));
  types.value = found.slice(0, CELLS_MOST);
  await database.put("state", "codes", types.value).catch(() => undefined);
}

/** What a telephone system has put behind the address: `#caller=4412&place=4W-12`. */
export function takeCaller(): void {
  const told = new URLSearchParams(location.hash.slice(1));
  if (!told.has("caller") && !told.has("place")) return;
  call.caller.value = (told.get("caller") ?? "").slice(0, 40);
  call.typed.value = (told.get("place") ?? "").slice(0, 80);
  history.replaceState(null, "", location.pathname);
}

// Making one -----------------------------------------------------------------------------------------------------

export function begin(type = "", place = ""): void {
  call.drill.value = false;
  refusal.value = { message: "", why: "" };
  if (place) call.typed.value = place;
  const wanted = type.toLowerCase();
  const meant = wanted ? types.peek().filter((one) => one.name.toLowerCase().includes(wanted)) : [];
  call.type.value = meant.length === 1 ? (meant[0] as CodeType) : null;
  call.stage.value = call.type.value ? "place" : "type";
}

const FIELDS: Partial<Record<Stage, string>> = { type: "code-types", place: "code-place", confirm: "code-says" };

/** Go on to a stage, with the keys where it needs them. */
export function go(stage: Stage, change: () => void = () => undefined): void {
  showAndFocus(() => {
    change();
    call.stage.value = stage;
  }, FIELDS[stage] ?? "code-says");
}

export function choose(type: CodeType): void {
  go("place", () => {
    call.type.value = type;
  });
}

effect(() => {
  const typed = call.typed.value.trim();
  if (typed === call.place.peek()?.name) return;
  call.place.value = null;
  offered.value = [];
  if (!typed) return;
  const plain = plainPlace(typed);
  const take = (entries: readonly Entry[]): void => {
    const places = entries.filter((one) => one.kind === "place");
    const exact = places.filter((one) => plainPlace(one.name) === plain);
    if (exact.length === 1) call.place.value = exact[0] as Entry;
    offered.value = exact.length > 0 ? exact : places.slice(0, MOST);
  };
  const still = (): boolean => call.typed.peek().trim() === typed;
  // `4w 12` and `4W-12` are one place: the copy is asked for what is typed and for it without its gaps.
  void Promise.all([find(typed, MOST, "place"), find(plain, MOST, "place")]).then(([one, other]) => {
    if (still() && offered.peek().length === 0) take(unique([...one, ...other]));
  });
  lookUp(typed, MOST, still, (found) => {
    if (found.some((one) => one.kind === "place") && !call.place.peek()) take(unique([...offered.peek(), ...found]));
  });
});

const unique = (entries: Entry[]): Entry[] => [...new Map(entries.map((one) => [one.id, one])).values()];

export function choosePlace(place: Entry): void {
  call.place.value = place;
  call.typed.value = place.name;
  offered.value = [];
}

export const placeName = computed(() => call.place.value?.name ?? call.typed.value.trim());
export const sentence = computed(() =>
  t("code.sentence", { type: call.type.value?.name ?? "", place: placeName.value }),
);

function frame(): Record<string, unknown> {
  const place = call.place.peek();
  const callback = call.caller.peek();
  return {
    to: [],
    policy: call.type.peek()?.id ?? "",
    ...(place ? { place: place.id } : {}),
    priority: "code",
    subject: `${call.type.peek()?.name ?? ""} · ${placeName.peek()}`,
    text: sentence.peek(),
    ...(callback ? { callback } : {}),
    ...(call.drill.peek() ? { drill: true } : {}),
  };
}

/** The place was accepted: say who would be paged. */
export function toConfirm(): void {
  if (!call.type.peek() || !placeName.peek()) return;
  go("confirm", () => {
    trial.value = null;
  });
  const asked = frame() as unknown as Parameters<typeof tryMessage>[0];
  void tryMessage(asked)
    .then((answer) => {
      trial.value = answer;
    })
    .catch((error: unknown) => {
      trial.value = { away: isAway(error), why: whyNot(error) };
    });
}

/** Send it; `how` is what the site is to do where the same call runs already. */
export async function sendCall(how: "new" | "add" | "force" = "new"): Promise<void> {
  if (foreign.peek()) {
    say(t("other", { device: client.peek()?.card.name ?? "" }), true);
    return;
  }
  const { policy, place, ...rest } = frame();
  const body =
    how === "add"
      ? { ...rest, add_to: refusal.peek().message }
      : { ...rest, policy, ...(place ? { place } : {}), ...(how === "force" ? { force: true } : {}) };
  try {
    sending.value = (await client.peek()?.say("send", body, String(rest.subject))) ?? "";
    call.stage.value = "sending";
  } catch {
    say(t("error.storage"), true);
  }
}

/** What became of it: stored, running already, or refused. */
effect(() => {
  const id = sending.value;
  if (!id || !client.value) return;
  const said = outbox.value.find((one) => one.id === id);
  if (said && !said.refused) return;
  sending.value = "";
  if (!said) {
    say(t("code.sent", { type: call.type.peek()?.name ?? "", place: placeName.peek() }));
    call.typed.value = "";
    call.caller.value = "";
    call.stage.value = "type";
    close();
    return;
  }
  const { code = "", detail = "", fields = {} } = said.refused ?? {};
  refusal.value = { message: String(fields.message ?? ""), why: sayCode(code, detail) };
  call.stage.value = code === "code_running" && refusal.value.message ? "running" : "refused";
  void client.peek()?.kept.forget(id);
});

export const runningCall = computed(() => running.value.find((one) => one.id === refusal.value.message));

// The dialog ------------------------------------------------------------------------------------------------------

const dialog = (): HTMLDialogElement | null => document.querySelector("dialog#code");

export function open(type = "", place = ""): void {
  begin(type, place);
  const shown = dialog();
  if (shown && !shown.open) shown.showModal();
  go(call.stage.peek());
}

function close(): void {
  dialog()?.close();
}
