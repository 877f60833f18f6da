/** How a person becomes reachable on this device: a code, then what the browser has to allow, step by step. */

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Client } from "../../core/client";
import { troubleOf } from "../../core/enrol";
import { count, isKey, t } from "../../core/i18n";
import { edge } from "../../core/own";
import { CodeField, NameField, useJoin } from "../../ui/join";
import { canNotify } from "../notify";
import { sound, unlock } from "../sound";
import { client, database, go, place } from "../state";
import { SetPasscode } from "./lock";

export const APP = "web/1";

/** Begin to be the device of this card. */
export async function begin(card: Client["card"]): Promise<Client> {
  const made = await Client.of(card, database, edge(), APP);
  await made.start();
  client.value = made;
  return made;
}

/** The code of a link: `#enrol=CODE`. */
export function codeOfLink(): string {
  return /^enrol=([\w-]+)$/.exec(place.value.view)?.[1] ?? "";
}

export function Enrol() {
  const join = useJoin(database, APP, codeOfLink(), t("enrol.name.default"), async (card) => {
    await begin(card);
    go("welcome");
  });
  return (
    <main class="enrol">
      <h1>{t("enrol.title")}</h1>
      <p>{t("enrol.about")}</p>
      <form
        onSubmit={(event) => {
          void unlock();
          join.submit(event);
        }}
      >
        <CodeField join={join} label={t("enrol.code")} />
        <NameField join={join} label={t("enrol.name")} />
        {join.failed.value !== null && (
          <p class="trouble" role="alert">
            {wordsOf(join.failed.value)}
          </p>
        )}
        <button type="submit" class="first wide" disabled={join.busy.value || !join.code.value.trim()}>
          {t("enrol.go")}
        </button>
        <p class="quiet" role="status">
          {join.busy.value ? t("enrol.busy") : ""}
        </p>
      </form>
    </main>
  );
}

function wordsOf(error: unknown): string {
  const key = troubleOf(error);
  return isKey(key) ? t(key) : String((error as Error).message);
}

const isApple = /iPhone|iPad/.test(navigator.userAgent);
const isInstalled = matchMedia("(display-mode: standalone)").matches;

/** What is left to do before this device rings in a pocket. */
export function Welcome() {
  const notify = useSignal(canNotify());
  const home = useSignal(isInstalled);
  const live = client.value?.link.value.link === "live";
  const guarded = client.value?.guarded.value ?? false;
  return (
    <main class="enrol">
      <h1>{t("enrol.title")}</h1>
      <h2>{t("enrol.steps")}</h2>
      <ol class="steps">
        <Step done label={t("enrol.step.code")} />
        <Step done={home.value} label={t("enrol.step.home")}>
          <p class="quiet">{t(isApple ? "enrol.home.ios" : "enrol.home.other")}</p>
          <Later done={home} />
        </Step>
        <Step done={notify.value === "granted"} label={t("enrol.step.notify")}>
          {notify.value === "default" ? (
            <button
              type="button"
              onClick={() =>
                void Notification.requestPermission().then((answer) => {
                  notify.value = answer;
                })
              }
            >
              {t("more.notifications.allow")}
            </button>
          ) : (
            <p class="quiet">
              {t(notify.value === "denied" ? "more.notifications.blocked" : "more.notifications.none")}
            </p>
          )}
        </Step>
        <Step done={guarded} label={t("enrol.step.passcode")}>
          <SetPasscode />
        </Step>
        <Step done={sound.value === "on"} label={t("enrol.step.sound")}>
          <button type="button" onClick={() => void unlock()}>
            {t("sound.start")}
          </button>
        </Step>
        <Step done={live} label={t("enrol.step.reachable")}>
          <p class="quiet" role="status">
            {t("enrol.connecting")}
          </p>
        </Step>
      </ol>
      {live && (
        <p class="state" role="status">
          {t("enrol.reachable", { name: client.value?.card.name ?? "" })}
        </p>
      )}
      <button type="button" class="first wide" onClick={() => go("inbox")}>
        {t("enrol.finish")}
      </button>
    </main>
  );
}

function Later({ done }: { done: Signal<boolean> }) {
  return (
    <button
      type="button"
      onClick={() => {
        done.value = true;
      }}
    >
      {t("enrol.done")}
    </button>
  );
}

function Step({ done, label, children }: { done: boolean; label: string; children?: ComponentChildren }) {
  return (
    <li class={done ? "done" : ""}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {done ? <path d="M3 8.5l3.5 3.5L13 4.5" /> : <circle cx="8" cy="8" r="5.5" />}
      </svg>
      <div>
        <p>
          {label}
          {done && <span class="hidden"> {t("enrol.done")}</span>}
        </p>
        {!done && children}
      </div>
    </li>
  );
}

/** Nothing more will come on this device: why, and what was not sent. */
export function Ended({ why, unsent }: { why: string; unsent: number }) {
  const key = `ended.${why}`;
  const elsewhere = why === "session_replaced" || why === "newer";
  const again = async (): Promise<void> => {
    if (!elsewhere) await database.wipe();
    location.hash = "";
    location.reload();
  };
  return (
    <main class="enrol">
      <h1>{t("ended.title")}</h1>
      <p>{isKey(key) ? t(key) : why}</p>
      {unsent > 0 && (
        <p class="trouble" role="alert">
          {count("ended.unsent", unsent)}
        </p>
      )}
      {why !== "lock" && (
        <button type="button" class="first wide" onClick={() => void again()}>
          {t(why === "newer" ? "update.now" : elsewhere ? "ended.here" : "ended.again")}
        </button>
      )}
    </main>
  );
}
