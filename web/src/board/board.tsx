/** The board itself: whose it is, what time it is, whether it can be believed, and what runs. */

import { List } from "./list";
import { drill, heardAt, held, link, more, rows, setting, siteNow, stale, whole } from "./state";
import { count, t, time } from "./words";

const LETTERS = ["Q", "S", "D", "R", "A", "X"] as const;

export function Board({ name }: { name: string }) {
  const old = stale.value || link.value === "refused";
  const place = setting.value.place.replace(/^\w+:/, "") || t("house");
  const open = rows.value.length - held.value;
  return (
    <div class={`board${old ? " stale" : ""}${drill.value ? " drills" : ""}`}>
      <header>
        <h1>
          {place} <small>{name}</small>
        </h1>
        <p class="counts" role="status">
          {t("counts", { open, held: held.value })}
        </p>
        <p class="link">{old ? "" : t(link.value === "live" ? "link.live" : "link.connecting")}</p>
        <p class="clock">
          <span class="hidden">{t("clock")} </span>
          <time dateTime={new Date(siteNow.value).toISOString()}>{time(siteNow.value)}</time>
        </p>
      </header>
      {old && (
        <p class="banner old" role="alert">
          {heardAt.value ? t("stale", { time: time(heardAt.value) }) : t("stale.first")}
        </p>
      )}
      {drill.value && (
        <p class="banner drill" role="status">
          <strong class="mark">{t("drill")}</strong>
          <span>{t("drill.banner")}</span>
        </p>
      )}
      <main>
        {rows.value.length > 0 ? (
          <List />
        ) : (
          <p class="nothing" role="status">
            {t(whole.value ? "empty" : "loading")}
          </p>
        )}
      </main>
      <footer>
        {more.value > 0 && (
          <p class="banner more" role="status">
            {count("more", more.value)}
          </p>
        )}
        <dl aria-label={t("letters")}>
          {LETTERS.map((letter) => (
            <div key={letter}>
              <dt class={`cell ${letter}`}>
                <b>{letter}</b>
              </dt>
              <dd>{t(`letter.${letter}`)}</dd>
            </div>
          ))}
        </dl>
      </footer>
    </div>
  );
}
