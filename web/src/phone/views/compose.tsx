/** A new message: who gets it is shown before it is sent. What was begun is kept until it is sent. */

import { batch, effect, signal, useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Found, Priority } from "../../core/device/frames";
import { t } from "../../core/i18n";
import { Finder, statusOf } from "../parts/finder";
import { client, go } from "../state";

type Offer = "none" | "accept" | "yesno" | "way" | "own";
const OFFERS: readonly Offer[] = ["accept", "yesno", "way", "own", "none"];
const CHOSEN: readonly Priority[] = ["low", "medium", "high"];
const CODE_RIGHT = "messages:code";
const TEXT_MAX = 4_000;
const CHOICES_MAX = 12;
/** A draft is kept when nobody has typed for so long. */
const DRAFT_MS = 150;
const PARTS = ["situation", "background", "assessment", "recommendation"] as const;

interface Draft {
  to: readonly Found[];
  priority: Priority;
  offer: Offer;
  choices: string;
  text: string;
  /** The parts of an SBAR, in its order; empty: the text is free. */
  parts: readonly string[];
  subject: string;
  callback: string;
  patient: string;
  policy: string;
  place: Found | null;
}
const EMPTY: Draft = {
  to: [],
  priority: "medium",
  offer: "accept",
  choices: "",
  text: "",
  parts: [],
  subject: "",
  callback: "",
  patient: "",
  policy: "",
  place: null,
};

export const draft = signal<Draft>(EMPTY);
const change = (more: Partial<Draft>): void => {
  draft.value = { ...draft.value, ...more };
};

/** Take up what was begun whenever this device is opened, and keep from then on what is begun; a locked one forgets. */
export function keepDraft(): void {
  let taken = false;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let begun = EMPTY;
  const keep = (): void => {
    pause = undefined;
    void client
      .peek()
      ?.keepSealed("draft", begun)
      .catch(() => undefined);
  };
  effect(() => {
    const current = client.value;
    if (current && !current.locked.value) {
      void current.openSealed<Draft>("draft").then((kept) => {
        if (kept) draft.value = { ...EMPTY, ...kept };
        taken = true;
      });
      return;
    }
    if (pause !== undefined) keep();
    clearTimeout(pause);
    taken = false;
    draft.value = EMPTY;
  });
  effect(() => {
    const now = draft.value;
    if (!taken) return;
    begun = now;
    clearTimeout(pause);
    pause = setTimeout(keep, DRAFT_MS);
  });
}

export function addressee(found: Found): void {
  if (!draft.value.to.some((one) => one.id === found.id)) change({ to: [...draft.value.to, found] });
}

function responses({ offer, choices }: Draft): object | undefined {
  if (offer === "accept") return { accept_decline: true };
  if (offer === "none") return undefined;
  const written = offer === "own" ? choices : t(`compose.responses.${offer}`);
  const given = [...new Set(written.split(",").map((one) => one.trim()))].filter(Boolean).slice(0, CHOICES_MAX);
  return given.length > 0 ? { choices: given } : undefined;
}

/** What is sent as text: as it was typed, or the parts that say something, each under its name. */
function textOf({ text, parts }: Draft): string {
  if (parts.length === 0) return text.trim();
  return PARTS.map((part, nth) => ({ name: t(`compose.sbar.${part}`), said: parts[nth]?.trim() }))
    .filter(({ said }) => said)
    .map(({ name, said }) => `${name}: ${said}`)
    .join("\n");
}

/** Who will get it: of a role, whoever holds it now. */
export function whoGets(to: readonly Found[]): string {
  return to
    .map((one) =>
      one.kind === "role" && one.answers?.length
        ? `${one.answers.map((who) => who.name).join(", ")} (${one.name})`
        : one.name,
    )
    .join(", ");
}

/** The same, also where a place alone says whom its policy calls. */
function whoOf({ to, place }: Draft): string {
  if (to.length > 0) return whoGets(to);
  return place ? t("compose.byplace", { place: place.name }) : "";
}

export function Compose() {
  const failed = useSignal("");
  const sure = useSignal(false);
  const last = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (sure.value) last.current?.scrollIntoView({ block: "center" });
  }, [sure.value]);
  const now = draft.value;
  const who = whoOf(now);
  const text = textOf(now);
  const ready = who !== "" && text !== "" && text.length <= TEXT_MAX;
  const send = async (): Promise<void> => {
    const offered = responses(now);
    const optional = { subject: now.subject, callback: now.callback, patient: now.patient, policy: now.policy };
    const frame = {
      to: now.to.map((one) => one.id),
      priority: now.priority,
      text,
      ...(offered ? { responses: offered } : {}),
      ...Object.fromEntries(
        Object.entries(optional)
          .map(([key, said]) => [key, said.trim()])
          .filter(([, said]) => said),
      ),
      ...(now.place ? { place: now.place.id } : {}),
    };
    try {
      await client.value?.say("send", frame, who);
    } catch {
      failed.value = t("error.storage");
      return;
    }
    batch(() => {
      draft.value = EMPTY;
      sure.value = false;
    });
    go("inbox");
  };
  const may = client.value?.may.value.includes(CODE_RIGHT) ?? false;
  return (
    <main>
      <h1>{t("compose.title")}</h1>
      {may && (
        <a class="button danger wide" href="#/code">
          {t("call.title")}
        </a>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          if (now.priority === "code" && !sure.value) sure.value = true;
          else void send();
        }}
      >
        <To />
        <fieldset>
          <legend>{t("compose.priority")}</legend>
          <div class="choices">
            {(may ? [...CHOSEN, "code" as const] : CHOSEN).map((one) => (
              <label key={one} class={one}>
                <input
                  type="radio"
                  name="priority"
                  checked={now.priority === one}
                  onChange={() => {
                    sure.value = false;
                    change({ priority: one });
                  }}
                />
                {t(`priority.${one}`)}
              </label>
            ))}
          </div>
        </fieldset>
        <Offered />
        <Words />
        <Rest />
        {failed.value && (
          <p class="trouble" role="alert">
            {failed.value}
          </p>
        )}
        {sure.value && (
          <p class="trouble" role="alert">
            {t("compose.code.sure", { who, place: now.place?.name ?? t("compose.code.noplace") })}
          </p>
        )}
        <button ref={last} type="submit" class={`${sure.value ? "danger" : "first"} wide`} disabled={!ready}>
          {who === ""
            ? t("compose.send.none")
            : text === ""
              ? t("compose.write")
              : t(sure.value ? "compose.code.call" : "compose.send", { who })}
        </button>
        {client.value?.link.value.link !== "live" && <p class="quiet">{t("compose.kept")}</p>}
      </form>
    </main>
  );
}

function To() {
  const { to } = draft.value;
  return (
    <>
      <ul class="chips">
        {to.map((one) => (
          <li key={one.id}>
            <bdi>{one.name}</bdi>
            <Remove
              who={one.name}
              onRemove={() => change({ to: draft.value.to.filter((other) => other.id !== one.id) })}
            />
          </li>
        ))}
      </ul>
      <Finder label={t("compose.to")} placeholder={t("compose.to.hint")} onChoose={addressee} clear />
      {to
        .map((one) => warning(one))
        .filter(Boolean)
        .map((words) => (
          <p class="warn" key={words}>
            {words}
          </p>
        ))}
    </>
  );
}

function Remove({ who, onRemove }: { who: string; onRemove: () => void }) {
  return (
    <button type="button" aria-label={t("compose.remove", { who })} onClick={onRemove}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M3 3l10 10M13 3L3 13" />
      </svg>
    </button>
  );
}

function Offered() {
  const now = draft.value;
  return (
    <>
      <label>
        {t("compose.responses")}
        <select value={now.offer} onChange={(event) => change({ offer: event.currentTarget.value as Offer })}>
          {OFFERS.map((one) => (
            <option key={one} value={one}>
              {t(`compose.responses.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {now.offer === "own" && (
        <Line label={t("compose.choices")} value={now.choices} max={400} onInput={(choices) => change({ choices })} />
      )}
    </>
  );
}

/** The text: free, or the parts of an SBAR. */
function Words() {
  const field = useId();
  const now = draft.value;
  const inParts = now.parts.length > 0;
  return (
    <>
      <div class="labelled">
        {inParts ? <span>{t("compose.text")}</span> : <label for={field}>{t("compose.text")}</label>}
        <button
          type="button"
          onClick={() =>
            change(inParts ? { text: textOf(now), parts: [] } : { parts: [now.text, "", "", ""], text: "" })
          }
        >
          {t(inParts ? "compose.free" : "compose.template")}
        </button>
      </div>
      {inParts ? (
        PARTS.map((part, nth) => (
          <label key={part}>
            {t(`compose.sbar.${part}`)}
            <textarea
              rows={2}
              maxLength={TEXT_MAX / 4 - 30}
              value={now.parts[nth]}
              onInput={(event) => change({ parts: draft.value.parts.with(nth, event.currentTarget.value) })}
            />
          </label>
        ))
      ) : (
        <textarea
          id={field}
          rows={5}
          maxLength={TEXT_MAX}
          value={now.text}
          onInput={(event) => change({ text: event.currentTarget.value })}
        />
      )}
    </>
  );
}

/** What few messages need. */
function Rest() {
  const now = draft.value;
  const used = !!(now.subject || now.callback || now.patient || now.policy || now.place);
  return (
    <details open={used || undefined}>
      <summary>{t("compose.more")}</summary>
      <Line label={t("compose.subject")} value={now.subject} max={200} onInput={(subject) => change({ subject })} />
      <Line
        label={t("compose.callback")}
        value={now.callback}
        max={40}
        onInput={(callback) => change({ callback })}
      />
      <Line label={t("compose.patient")} value={now.patient} max={200} onInput={(patient) => change({ patient })} />
      <Finder
        label={t("compose.place")}
        placeholder={t("compose.place.hint")}
        kind="place"
        clear
        onChoose={(place) => change({ place })}
      />
      {now.place && (
        <ul class="chips">
          <li>
            <bdi>{now.place.name}</bdi>
            <Remove who={now.place.name} onRemove={() => change({ place: null })} />
          </li>
        </ul>
      )}
      <Line label={t("compose.policy")} value={now.policy} max={100} onInput={(policy) => change({ policy })} />
      <p class="quiet">{t("compose.policy.about")}</p>
    </details>
  );
}

interface LineField {
  label: string;
  value: string;
  max: number;
  onInput: (value: string) => void;
}

function Line({ label, value, max, onInput }: LineField) {
  return (
    <label>
      {label}
      <input
        autoComplete="off"
        maxLength={max}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

/** What one should know of a recipient before it is sent. */
function warning(found: Found): string {
  if (found.kind === "role" && !found.answers?.length) return `${found.name}: ${t("found.nobody")}`;
  const unreached = found.answers?.find((one) => one.reach === "none");
  if (unreached) return t("compose.warn.none", { who: unreached.name });
  if (found.kind !== "person") return "";
  const away = found.status && found.status !== "available" ? statusOf(found.status) : "";
  const other = found.answers?.[0]?.name;
  if (away && other && other !== found.name)
    return t("compose.warn.diverts", { who: found.name, status: away, other });
  if (found.reach === "none") return t("compose.warn.none", { who: found.name });
  return away ? t("compose.warn.status", { who: found.name, status: away }) : "";
}
