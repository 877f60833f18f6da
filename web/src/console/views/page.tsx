/** Writes a page: who gets it is shown before it is sent, with what follows if nobody answers. */

import type { Priority } from "../../core/device/frames";
import { callsAnew } from "../../core/device/rows";
import { countdown } from "../../core/i18n";
import { draft, promised, send } from "../compose";
import { roles } from "../search";
import { promiseOf, t, tries, whyOf } from "../words";
import { Acts, leave } from "./acts";

const CHOSEN: readonly Exclude<Priority, "code">[] = ["high", "medium", "low"];
const TEXT_MAX = 4_000;

/** Hand the page in, and go back to the field. */
export async function sendPage(): Promise<void> {
  if (await send()) leave();
}

export function Page() {
  const { to, priority, text, callback, accept } = draft;
  return (
    <section class="pane" aria-labelledby="page-title">
      <h2 id="page-title">{t("page.title")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void sendPage();
        }}
        // Enter in a field of one line sends nothing: only Ctrl+Enter, or the button, does.
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && event.target instanceof HTMLInputElement)
            event.preventDefault();
        }}
      >
        <ul class="chips" aria-label={t("page.to")}>
          {to.value.map((one) => (
            <li key={one.id}>
              <bdi>{one.name}</bdi>
              <button
                type="button"
                aria-label={t("page.remove", { who: one.name })}
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
        <label for="page-text">{t("page.text")}</label>
        <textarea
          id="page-text"
          rows={4}
          maxLength={TEXT_MAX}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <div class="row">
          <fieldset>
            <legend>{t("page.priority")}</legend>
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
          <label class="short">
            {t("page.callback")}
            <input
              type="text"
              maxLength={60}
              value={callback.value}
              onInput={(event) => {
                callback.value = event.currentTarget.value;
              }}
            />
          </label>
          <label class="short">
            {t("page.offer")}
            <select
              value={accept.value ? "accept" : "none"}
              onChange={(event) => {
                accept.value = event.currentTarget.value === "accept";
              }}
            >
              <option value="accept">{t("page.offer.accept")}</option>
              <option value="none">{t("page.offer.none")}</option>
            </select>
          </label>
        </div>
        <Promise_ />
        <Acts label={t("page.send")} />
      </form>
    </section>
  );
}

function Promise_() {
  const told = promised.value;
  return (
    <div class="promise" role="status">
      <h3>{t("page.who")}</h3>
      {draft.to.value.length === 0 ? (
        <p class="quiet">{t("page.who.empty")}</p>
      ) : told === null ? (
        <p class="quiet">{t("page.who.asking")}</p>
      ) : "why" in told ? (
        <p class="warn">{told.away ? t("page.who.away") : told.why}</p>
      ) : (
        <>
          <ul class="plain">
            {told.recipients.slice(0, 20).map((one) => (
              <li key={one.person}>
                <strong>
                  <bdi>{one.name}</bdi>
                </strong>{" "}
                {one.reach === "none" ? <span class="bad">{t("reach.none")}</span> : tries(one.tries)}{" "}
                <span class="quiet">{whyOf(one.why, roles.value)}</span>
              </li>
            ))}
          </ul>
          {told.recipient_count > 20 && <p>{t("state.more", { n: told.recipient_count - 20 })}</p>}
          {told.promise.filter(callsAnew).map((line) => (
            <p key={`${line.in_s}${line.who}`} class="quiet">
              {t("page.then", { time: countdown(1_000 * line.in_s), who: promiseOf(line) })}
            </p>
          ))}
        </>
      )}
    </div>
  );
}
