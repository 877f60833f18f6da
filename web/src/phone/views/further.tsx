/** Calls somebody else about a message: passes it on to one person or role, or makes a more urgent alert of it. */

import { useSignal } from "@preact/signals";
import type { Found, Priority } from "../../core/device/frames";
import { waits } from "../../core/device/outbox";
import { priorityOf, type Row } from "../../core/device/rows";
import { t } from "../../core/i18n";
import { Finder } from "../parts/finder";
import { client, go, rows } from "../state";
import { whoGets } from "./compose";

const LEVELS: readonly Priority[] = ["low", "medium", "high"];

export function Further({ row }: { row: Row }) {
  const open = useSignal(false);
  if (row.ended) return null;
  return (
    <section>
      <button
        type="button"
        class="wide"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {t(row.sent ? "further.escalate" : "further.pass")}
      </button>
      {open.value && (
        <Form
          row={row}
          done={() => {
            open.value = false;
          }}
        />
      )}
    </section>
  );
}

function Form({ row, done }: { row: Row; done: () => void }) {
  const to = useSignal<Found | null>(null);
  const own = priorityOf(row);
  const priority = useSignal<Priority>(row.sent || own === "code" ? "high" : own);
  const failed = useSignal("");
  const call = async (): Promise<void> => {
    if (!to.value) return;
    const frame = { message: row.id, priority: priority.value, to: [to.value.id] };
    try {
      await client.value?.say("escalate", frame, whoGets([to.value]), row.message);
      done();
    } catch {
      failed.value = t("error.storage");
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void call();
      }}
    >
      <p class="quiet">{t(row.sent ? "further.escalate.about" : "further.pass.about")}</p>
      {to.value && (
        <p class="state">
          <bdi>{whoGets([to.value])}</bdi>
        </p>
      )}
      <Finder
        label={t("further.to")}
        placeholder={t("compose.to.hint")}
        clear
        onChoose={(one) => {
          to.value = one;
        }}
      />
      <fieldset>
        <legend>{t("compose.priority")}</legend>
        <div class="choices">
          {LEVELS.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="further"
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
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      <button type="submit" class="first wide" disabled={!to.value}>
        {to.value ? t("further.call", { who: whoGets([to.value]) }) : t("compose.send.none")}
      </button>
    </form>
  );
}

/** Whom this person has called about a message, and how that stands. */
export function Called({ row }: { row: Row }) {
  const made = rows.value.filter((one) => one.sent && one.message?.reply_to === row.id);
  const waiting = client.value?.kept.outbox.value.filter(
    (said) => said.kind === "escalate" && said.message === row.id && waits(said),
  );
  if (made.length === 0 && !waiting?.length) return null;
  return (
    <section>
      <h2>{t("further.called")}</h2>
      <ul class="timeline">
        {waiting?.map((said) => (
          <li key={said.id}>
            <bdi>{said.words}</bdi>
            <span class="waiting">{t("sent.waiting")}</span>
          </li>
        ))}
        {made.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => go("message", one.id)}>
              <bdi>
                {Object.entries(one.others)
                  .map(([person, view]) => `${one.names[person] ?? person}: ${t(`state.${view.state as "read"}`)}`)
                  .join(", ")}
              </bdi>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
