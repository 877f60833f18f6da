/** This device, its sounds, a test of the whole way, and what the person prefers. */

import { useSignal } from "@preact/signals";
import { PRIORITIES } from "../../core/device/frames";
import { LANGUAGES, type Language, language, t } from "../../core/i18n";
import { canNotify } from "../notify";
import { play, toneOf, unlock } from "../sound";
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

function Test() {
  const begun = useSignal<{ id: string; at: number } | null>(null);
  const stored = useSignal(0);
  const arrived = useSignal(0);
  const run = async (): Promise<void> => {
    const current = client.value;
    if (!current) return;
    const before = new Set(current.kept.rows.peek().keys());
    stored.value = arrived.value = 0;
    const at = performance.now();
    const frame = { to: [current.card.person], priority: "low", text: t("more.test.text") };
    begun.value = { id: await current.say("send", frame, current.card.name), at };
    const look = setInterval(() => {
      if (!stored.value && !current.kept.outbox.peek().some((said) => said.id === begun.value?.id))
        stored.value = performance.now();
      const mine = [...current.kept.rows.peek().values()].some(
        (row) => !before.has(row.id) && row.mine !== null && row.message?.text === frame.text,
      );
      if (mine && !arrived.value) arrived.value = performance.now();
      if ((stored.value && arrived.value) || performance.now() - at > 120_000) clearInterval(look);
    }, 20);
  };
  const seconds = (ms: number): string => ((ms - (begun.value?.at ?? 0)) / 1_000).toFixed(1);
  return (
    <section>
      <h2>{t("more.test")}</h2>
      <p class="quiet">{t("more.test.about")}</p>
      <button type="button" onClick={() => void run()}>
        {t("more.test.run")}
      </button>
      {begun.value && (
        <ol class="timeline" aria-live="polite">
          <li>{t("more.test.kept")}</li>
          <li>{stored.value ? t("more.test.stored", { s: seconds(stored.value) }) : t("more.test.waiting")}</li>
          {arrived.value > 0 && <li>{t("more.test.arrived", { s: seconds(arrived.value) })}</li>}
        </ol>
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
