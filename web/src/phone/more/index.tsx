/** The settings: what is seldom needed. They come in a file of their own, which the service worker keeps. */

import "./more.css";
import { t as common } from "../../core/i18n";
import { theme } from "../../core/look";
import { ChooseLanguage, ChooseTheme } from "../../ui/choose";
import { place, prefer } from "../state";
import { Devices } from "./devices";
import { Quiet } from "./quiet";
import { Sounds } from "./sounds";
import { Test } from "./test";
import { Notifications, Passcode, ThisDevice } from "./this";
import { t } from "./words";

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
        <ChooseLanguage label={common("choose.language")} onChange={(language) => prefer({ language })} />
        <ChooseTheme
          label={common("choose.theme")}
          value={theme.value}
          word={(one) => common(`theme.${one}`)}
          onChange={(theme) => prefer({ theme })}
        />
      </section>
      <ThisDevice />
    </main>
  );
}
