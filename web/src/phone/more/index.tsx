/** The settings: what is seldom needed. They come in a file of their own, which the service worker keeps. */

import "./more.css";
import { t as common, LANGUAGES, type Language, language } from "../../core/i18n";
import { place, prefer, type Theme, theme } from "../state";
import { Devices } from "./devices";
import { Quiet } from "./quiet";
import { Sounds } from "./sounds";
import { Test } from "./test";
import { Notifications, Passcode, ThisDevice } from "./this";
import { t } from "./words";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "night"];

export function More() {
  if (place.value.id === "devices") return <Devices />;
  if (place.value.id === "quiet") return <Quiet />;
  return (
    <main>
      <h1>{t("more.title")}</h1>
      <Test />
      <Sounds />
      <section>
        <h2>{t("quiet.title")}</h2>
        <a class="button" href="#/more/quiet">
          {t("quiet.open")}
        </a>
      </section>
      <Notifications />
      <section>
        <h2>{t("more.devices")}</h2>
        <p class="quiet">{t("more.devices.about")}</p>
        <a class="button" href="#/more/devices">
          {t("more.devices.open")}
        </a>
      </section>
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
                {common(`theme.${one}`)}
              </option>
            ))}
          </select>
        </label>
      </section>
      <ThisDevice />
    </main>
  );
}
