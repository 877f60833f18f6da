/** What the board shows while it shows nothing: how it is set up, and why it cannot be shown. */

import { useSignal } from "@preact/signals";
import type { RefusedFrame } from "../core/device/frames";
import type { Card } from "../core/device/session";
import { troubleOf } from "../core/enrol";
import type { Theme } from "../core/look";
import type { Database } from "../core/store/database";
import { ChooseTheme } from "../ui/choose";
import { CodeField, NameField, useJoin } from "../ui/join";
import { type Setting, setting } from "./state";
import { isKey, t } from "./words";

export function Enrol({
  database,
  enrolled,
}: {
  database: Database;
  enrolled: (card: Card, chosen: Setting) => void;
}) {
  const unit = useSignal(decodeURIComponent(/[#&]unit=([^&]*)/.exec(location.hash)?.[1] ?? ""));
  const theme = useSignal<Theme>("auto");
  const given = /^#enrol=([\w-]+)/.exec(location.hash)?.[1] ?? "";
  const join = useJoin(database, "web-board/1", given, t("enrol.name.default"), (card) => {
    history.replaceState(null, "", location.pathname);
    const place = unit.value.trim();
    enrolled(card, {
      place: place && !/^(unit|building|site):/.test(place) ? `unit:${place}` : place,
      theme: theme.value,
    });
  });
  return (
    <main class="face">
      <h1>{t("enrol.title")}</h1>
      <p>{t("enrol.about")}</p>
      <form onSubmit={join.submit}>
        <CodeField join={join} label={t("enrol.code")} />
        <label>
          {t("enrol.place")}
          <input
            maxLength={120}
            value={unit.value}
            aria-describedby="place-hint"
            onInput={(event) => {
              unit.value = event.currentTarget.value;
            }}
          />
        </label>
        <p id="place-hint">{t("enrol.place.hint")}</p>
        <NameField join={join} label={t("enrol.name")} />
        <ChooseTheme
          label={t("enrol.theme")}
          value={theme.value}
          word={(one) => t(`theme.${one}`)}
          onChange={(chosen) => {
            theme.value = chosen;
          }}
        />
        {join.failed.value !== null && (
          <p class="trouble" role="alert">
            {wordsOf(join.failed.value)}
          </p>
        )}
        <button type="submit" disabled={join.busy.value || !join.code.value.trim()}>
          {t("enrol.go")}
        </button>
        <p role="status">{join.busy.value ? t("enrol.busy") : ""}</p>
      </form>
    </main>
  );
}

function wordsOf(error: unknown): string {
  const key = troubleOf(error);
  return isKey(key) ? t(key) : String((error as Error).message);
}

/** The site does not show this. */
export function Refused({ frame, again, anew }: { frame: RefusedFrame; again: () => void; anew: () => void }) {
  const key = `refused.${frame.code}`;
  const place = setting.value.place.replace(/^\w+:/, "");
  return (
    <main class="face">
      <h1>{t("refused.title")}</h1>
      <p role="alert">{isKey(key) ? t(key, { place }) : t("refused.other", { detail: frame.detail })}</p>
      <button type="button" onClick={again}>
        {t("refused.again")}
      </button>
      <button type="button" class="plain" onClick={anew}>
        {t("refused.anew")}
      </button>
    </main>
  );
}

/** Nothing more will come on this device. */
export function Ended({ why, again }: { why: string; again: () => void }) {
  const key = `ended.${why}`;
  return (
    <main class="face">
      <h1>{t("ended.title")}</h1>
      <p role="alert">{isKey(key) ? t(key) : why}</p>
      <button type="button" onClick={again}>
        {t(why === "session_replaced" ? "refused.again" : "refused.anew")}
      </button>
    </main>
  );
}
