/** A new message: who gets it is shown before it is sent. What was begun is kept until it is sent. */

import { batch, effect, signal, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Found, Priority } from "../../core/device/frames";
import { t } from "../../core/i18n";
import { Finder, statusOf } from "../parts/finder";
import { client, go } from "../state";

type Offer = "none" | "accept" | "yesno" | "way";
const OFFERS: readonly Offer[] = ["accept", "yesno", "way", "none"];
const CHOSEN: readonly Priority[] = ["low", "medium", "high"];
const TEXT_MAX = 4_000;
/** A draft is kept when nobody has typed for so long. */
const DRAFT_MS = 150;

export const draft = {
  to: signal<readonly Found[]>([]),
  priority: signal<Priority>("medium"),
  offer: signal<Offer>("accept"),
  text: signal(""),
};

interface Kept {
  to: readonly Found[];
  priority: Priority;
  offer: Offer;
  text: string;
}

const EMPTY: Kept = { to: [], priority: "medium", offer: "accept", text: "" };

function take(kept: Kept): void {
  batch(() => {
    draft.to.value = kept.to;
    draft.priority.value = kept.priority;
    draft.offer.value = kept.offer;
    draft.text.value = kept.text;
  });
}

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
      void current.openSealed<Kept>("draft").then((kept) => {
        if (kept) take(kept);
        taken = true;
      });
      return;
    }
    if (pause !== undefined) keep();
    clearTimeout(pause);
    taken = false;
    take(EMPTY);
  });
  effect(() => {
    const [to, priority, offer, text] = [draft.to.value, draft.priority.value, draft.offer.value, draft.text.value];
    if (!taken) return;
    begun = { to, priority, offer, text };
    clearTimeout(pause);
    pause = setTimeout(keep, DRAFT_MS);
  });
}

export function addressee(found: Found): void {
  if (!draft.to.value.some((one) => one.id === found.id)) draft.to.value = [...draft.to.value, found];
}

function responses(offer: Offer): object | undefined {
  if (offer === "accept") return { accept_decline: true };
  if (offer === "none") return undefined;
  return { choices: t(`compose.responses.${offer}`).split(", ") };
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

export function Compose() {
  const failed = useSignal("");
  const text = useId();
  const { to, priority, offer } = draft;
  const ready = to.value.length > 0 && draft.text.value.trim() !== "";
  const send = async (): Promise<void> => {
    const offered = responses(offer.value);
    const frame = {
      to: to.value.map((one) => one.id),
      priority: priority.value,
      text: draft.text.value.trim(),
      ...(offered ? { responses: offered } : {}),
    };
    try {
      await client.value?.say("send", frame, whoGets(to.value));
    } catch {
      failed.value = t("error.storage");
      return;
    }
    to.value = [];
    draft.text.value = "";
    go("inbox");
  };
  return (
    <main>
      <h1>{t("compose.title")}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void send();
        }}
      >
        <ul class="chips">
          {to.value.map((one) => (
            <li key={one.id}>
              <bdi>{one.name}</bdi>
              <button
                type="button"
                aria-label={t("compose.remove", { who: one.name })}
                onClick={() => {
                  to.value = to.value.filter((other) => other.id !== one.id);
                }}
              >
                <svg viewBox="0 0 16 16" aria-hidden="true">
                  <path d="M3 3l10 10M13 3L3 13" />
                </svg>
              </button>
            </li>
          ))}
        </ul>
        <Finder label={t("compose.to")} placeholder={t("compose.to.hint")} onChoose={addressee} clear />
        {to.value
          .map((one) => warning(one))
          .filter(Boolean)
          .map((words) => (
            <p class="warn" key={words}>
              {words}
            </p>
          ))}
        <fieldset>
          <legend>{t("compose.priority")}</legend>
          <div class="choices">
            {CHOSEN.map((one) => (
              <label key={one} class={one}>
                <input
                  type="radio"
                  name="priority"
                  checked={priority.value === one}
                  onChange={() => {
                    priority.value = one;
                  }}
                />
                {t(`priority.${one}`)}
              </label>
            ))}
          </div>
        </fieldset>
        <label>
          {t("compose.responses")}
          <select
            value={offer.value}
            onChange={(event) => {
              offer.value = event.currentTarget.value as Offer;
            }}
          >
            {OFFERS.map((one) => (
              <option key={one} value={one}>
                {t(`compose.responses.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <div class="labelled">
          <label for={text}>{t("compose.text")}</label>
          <button
            type="button"
            onClick={() => {
              draft.text.value = `${draft.text.value}${t("compose.sbar")}`;
            }}
          >
            {t("compose.template")}
          </button>
        </div>
        <textarea
          id={text}
          rows={5}
          maxLength={TEXT_MAX}
          value={draft.text.value}
          onInput={(event) => {
            draft.text.value = event.currentTarget.value;
          }}
        />
        {failed.value && (
          <p class="trouble" role="alert">
            {failed.value}
          </p>
        )}
        <button type="submit" class="first wide" disabled={!ready}>
          {to.value.length === 0
            ? t("compose.send.none")
            : ready
              ? t("compose.send", { who: whoGets(to.value) })
              : t("compose.write")}
        </button>
        {client.value?.link.value.link !== "live" && <p class="quiet">{t("compose.kept")}</p>}
      </form>
    </main>
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
