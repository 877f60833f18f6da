/** This device, its sounds, a test of the whole way, and what the person prefers. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { PRIORITIES } from "../../core/device/frames";
import { waits } from "../../core/device/outbox";
import { LANGUAGES, type Language, language, t } from "../../core/i18n";
import { canNotify } from "../notify";
import { Refused } from "../parts/answers";
import { play, sound, toneOf, unlock } from "../sound";
import { client, prefer, type Theme, theme } from "../state";
import { Passcode } from "./lock";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "night"];
const CLOCK_OFF_MS = 60_000;

export function More() {
  return (
    <main>
      <h1>{t("more.title")}</h1>
      <Test />
      <Sounds />
      <Notifications />
      <Passcode />
      <section>
        <label>
          {t("more.language")}
          <select
            value={language.value}
            onChange={(event) => prefer({ language: event.currentTarget.value as Language })}
          >
            {Object.entries(LANGUAGES).map(([key, name]) => (
              <option key={key} value={key} lang={key}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("more.theme")}
          <select value={theme.value} onChange={(event) => prefer({ theme: event.currentTarget.value as Theme })}>
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {t(`theme.${one}`)}
              </option>
            ))}
          </select>
        </label>
      </section>
      <ThisDevice />
    </main>
  );
}

const HOPS = ["kept", "stored", "arrived", "known", "heard"] as const;
type Hop = (typeof HOPS)[number];

/** A test goes the whole way of an alert: to the site, to this device, and back as a receipt; and somebody has to hear it. */
function Test() {
  const begun = useSignal<{ id: string; at: number } | null>(null);
  const hops = useSignal<Partial<Record<Hop, number>>>({});
  const failed = useSignal("");
  const found = useComputed(() => {
    const [asked, kept] = [begun.value, client.value?.kept];
    if (!asked || !kept || kept.tested.value.request !== asked.id) return undefined;
    return { message: kept.tested.value.message, row: kept.rows.value.get(kept.tested.value.message) };
  });
  useSignalEffect(() => {
    const there = found.value;
    if (!begun.value || !there) return;
    const state = there.row?.mine?.state ?? "";
    const reached: Hop[] = ["stored"];
    if (there.row?.message) reached.push("arrived");
    if (state && state !== "pending" && state !== "unreachable") reached.push("known");
    if (state === "accepted") reached.push("heard");
    const known = hops.peek();
    const fresh = reached.filter((hop) => known[hop] === undefined).map((hop) => [hop, performance.now()] as const);
    if (fresh.length > 0) hops.value = { ...known, ...Object.fromEntries(fresh) };
  });
  const run = async (): Promise<void> => {
    const current = client.value;
    if (!current) return;
    const at = performance.now();
    void unlock();
    failed.value = "";
    try {
      const id = await current.say("test", { endpoint: "app" });
      hops.value = { kept: performance.now() };
      begun.value = { id, at };
    } catch {
      failed.value = t("error.storage");
    }
  };
  const row = found.value?.row;
  const seconds = (ms: number): string => ((ms - (begun.value?.at ?? 0)) / 1_000).toFixed(1);
  const refused = client.value?.kept.outbox.value.find((said) => said.id === begun.value?.id && !waits(said));
  return (
    <section>
      <h2>{t("more.test")}</h2>
      <p class="quiet">{t("more.test.about")}</p>
      <button type="button" onClick={() => void run()}>
        {t("more.test.run")}
      </button>
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      {refused && <Refused said={refused} />}
      {begun.value && (
        <ol class="timeline" aria-live="polite">
          {HOPS.map((hop) => {
            const at = hops.value[hop];
            return at !== undefined && <li key={hop}>{t(`more.test.${hop}`, { s: seconds(at) })}</li>;
          })}
          {!refused && hops.value.stored === undefined && <li>{t("more.test.waiting")}</li>}
        </ol>
      )}
      {row && hops.value.heard === undefined && (
        <>
          <p class={sound.value === "on" ? "" : "warn"}>
            {t(sound.value === "on" ? "more.test.rings" : "more.test.silent")}
          </p>
          <button type="button" class="first" onClick={() => void client.value?.answer(row, { word: "accept" })}>
            {t("more.test.hear")}
          </button>
        </>
      )}
    </section>
  );
}

function Sounds() {
  const locked = client.value?.kept.settings.value.locked ?? [];
  return (
    <section>
      <h2>{t("more.sounds")}</h2>
      <ul class="settings">
        {PRIORITIES.map((one) => (
          <li key={one}>
            <span>
              {t(`priority.${one}`)}: {t(`tone.${toneOf(one)}`)}
              {locked.includes(`tone.${one}`) && <span class="quiet"> ({t("more.locked")})</span>}
            </span>
            <button type="button" onClick={() => void unlock().then(() => play(toneOf(one)))}>
              {t("more.play", { priority: t(`priority.${one}`) })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Notifications() {
  const state = useSignal(canNotify());
  return (
    <section>
      <h2>{t("more.notifications")}</h2>
      {state.value === "granted" ? (
        <p>{t("more.notifications.on")}</p>
      ) : state.value === "default" ? (
        <button
          type="button"
          onClick={() =>
            void Notification.requestPermission().then((answer) => {
              state.value = answer;
            })
          }
        >
          {t("more.notifications.allow")}
        </button>
      ) : (
        <p>{t(state.value === "denied" ? "more.notifications.blocked" : "more.notifications.none")}</p>
      )}
    </section>
  );
}

function ThisDevice() {
  const sure = useSignal(false);
  const current = client.value;
  if (!current) return null;
  const remove = async (): Promise<void> => {
    await current.wipe();
    location.reload();
  };
  const off = Math.round(current.offset.value / 60_000);
  return (
    <section>
      <h2>{t("more.device")}</h2>
      <p>
        <bdi>{current.card.name}</bdi>
      </p>
      <p class="quiet">{t("more.device.id", { id: current.card.device.slice(-8) })}</p>
      {!current.leads.value && <p class="quiet">{t("more.tab")}</p>}
      {Math.abs(current.offset.value) > CLOCK_OFF_MS && <p class="warn">{t("more.clock", { minutes: off })}</p>}
      <p class="quiet">{t("more.remove.about")}</p>
      {sure.value ? (
        <div class="buttons">
          <button
            type="button"
            class="first"
            onClick={() => {
              sure.value = false;
            }}
          >
            {t("more.remove.not")}
          </button>
          <button type="button" class="danger" onClick={() => void remove()}>
            {t("more.remove.sure")}
          </button>
        </div>
      ) : (
        <button
          type="button"
          onClick={() => {
            sure.value = true;
          }}
        >
          {t("more.remove")}
        </button>
      )}
    </section>
  );
}
