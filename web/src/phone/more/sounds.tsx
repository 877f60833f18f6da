/** Tones by priority: heard, chosen where the site lets one, and how often they come again. */

import { PRIORITIES, type Priority } from "../../core/device/frames";
import { t as common } from "../../core/i18n";
import { offered, play, repeatOf, type Tone, toneOf, unlock } from "../sound";
import { client, prefer, tones } from "../state";
import { t } from "./words";

export function Sounds() {
  const locked = client.value?.kept.settings.value.locked ?? [];
  return (
    <section>
      <h2>{t("more.sounds")}</h2>
      <p class="quiet">{t("sounds.about")}</p>
      <ul class="settings">
        {PRIORITIES.map((one) => (
          <li key={one}>
            <Sound priority={one} locked={locked} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sound({ priority, locked }: { priority: Priority; locked: readonly string[] }) {
  const name = common(`priority.${priority}`);
  const tone = toneOf(priority);
  const seconds = repeatOf(priority);
  const choice = [...new Set([...offered(priority), tone])];
  return (
    <>
      <span>
        {name}
        <span class="quiet">
          {" "}
          {seconds > 0 ? t("sounds.repeat", { s: seconds }) : t("sounds.once")}
          {locked.includes(`repeat_s.${priority}`) && ` (${t("more.locked")})`}
        </span>
      </span>
      <span class="tone">
        {locked.includes(`tone.${priority}`) ? (
          <span>
            {t(`tone.${tone}`)} <span class="quiet">({t("more.locked")})</span>
          </span>
        ) : (
          <select
            aria-label={t("sounds.choose", { priority: name })}
            value={tone}
            onChange={(event) => prefer({ tones: { ...tones.value, [priority]: event.currentTarget.value as Tone } })}
          >
            {choice.map((one) => (
              <option key={one} value={one}>
                {t(`tone.${one}`)}
              </option>
            ))}
          </select>
        )}
        <button type="button" onClick={() => void unlock().then(() => play(tone))}>
          {t("more.play", { priority: name })}
        </button>
      </span>
    </>
  );
}
