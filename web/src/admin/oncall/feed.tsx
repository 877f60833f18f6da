/** The calendar of a role for other programs (iCalendar): a secret address, and events of other calendars taken in. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { readText } from "../who/file";
import { time } from "../words";
import { count, t } from "./words";

type Imported = Answer<"POST /v1/roles/{role_id}/import">;

export function Feed({ id, again }: { id: string; again: () => void }) {
  const made = useSignal("");
  const text = useSignal("");
  const seen = useSignal<{ dry: boolean; of: Imported } | null>(null);
  const error = useSignal<unknown>(null);
  const path = { role_id: id };
  const make = async (): Promise<void> => {
    error.value = null;
    try {
      const answer = await ask("POST /v1/roles/{role_id}/calendar", { path });
      made.value = answer.path ? `${location.origin}${answer.path}` : "";
    } catch (refused) {
      error.value = refused;
    }
  };
  const take = async (dry: boolean): Promise<void> => {
    error.value = null;
    try {
      const body = { calendar: text.value };
      seen.value = { dry, of: await ask("POST /v1/roles/{role_id}/import", { path, body, query: { dry_run: dry } }) };
      if (!dry) again();
    } catch (refused) {
      error.value = refused;
      seen.value = null;
    }
  };
  return (
    <section>
      <h2>{t("feed.title")}</h2>
      <p class="quiet">{t("feed.about")}</p>
      <div class="buttons">
        <button type="button" onClick={() => void make()}>
          {t("feed.make")}
        </button>
      </div>
      {made.value && (
        <p class="card" role="status">
          {t("feed.address")} <code>{made.value}</code>
        </p>
      )}
      <details>
        <summary>{t("feed.import")}</summary>
        <div class="field">
          <label for="feed-file">{t("feed.file")}</label>
          <input
            id="feed-file"
            type="file"
            accept=".ics,text/calendar"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              seen.value = null;
              if (file)
                void readText(file).then((read) => {
                  text.value = read;
                });
            }}
          />
        </div>
        <div class="buttons">
          <button type="button" disabled={!text.value} onClick={() => void take(true)}>
            {t("feed.look")}
          </button>
          {seen.value?.dry && seen.value.of.data.length > 0 && (
            <button type="button" class="first" onClick={() => void take(false)}>
              {t("feed.take")}
            </button>
          )}
        </div>
        {seen.value && (
          <>
            <p role="status">{count(seen.value.dry ? "feed.would" : "feed.did", seen.value.of.data.length)}</p>
            <ul>
              {seen.value.of.data.slice(0, 50).map((one) => (
                <li key={one.id}>
                  {one.name}: {time(one.starts_at, false)} – {time(one.ends_at, false)}
                </li>
              ))}
            </ul>
          </>
        )}
      </details>
      {error.value ? <Failed error={error.value} /> : null}
    </section>
  );
}
