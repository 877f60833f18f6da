/** Technical alarms: a person must take each; what is over stays to be seen for a while. */

import { signal } from "@preact/signals";
import type { AlarmOut } from "../../core/generated/api";
import { age, time } from "../../core/i18n";
import { clear, isUntaken, list, load, over, readDetail, take, trouble, untaken, why } from "../alarms";
import { openLog } from "../log";
import { now } from "../state";
import { isKey, t } from "../words";
import { Stands } from "./face";
import { moveIn } from "./list";
import { focusOmnibox } from "./omnibox";

const WHY_MAX = 200;
const clearing = signal<AlarmOut | null>(null);
const reason = signal("");

export const rowOf = (alarm: AlarmOut): string => `a-${alarm.id}`;

/** Go to the first that nobody has; else to the first. */
export function focusAlarms(): void {
  const alarm = untaken.peek()[0] ?? list.peek().open[0];
  (document.getElementById(alarm ? rowOf(alarm) : "") ?? document.getElementById("alarms-title"))?.focus();
}

function askClear(alarm: AlarmOut): void {
  clearing.value = alarm;
  reason.value = "";
  document.querySelector<HTMLDialogElement>("dialog#clear-alarm")?.showModal();
}

async function confirm(): Promise<void> {
  const alarm = clearing.peek();
  if (!alarm || !reason.peek().trim()) return;
  if (await clear(alarm, reason.peek().trim()))
    document.querySelector<HTMLDialogElement>("dialog#clear-alarm")?.close();
}

export function Alarms() {
  const { open, since } = list.value;
  return (
    <section class="alarms" aria-labelledby="alarms-title">
      <h2 id="alarms-title" tabIndex={-1}>
        {t("alarms.title")} {untaken.value.length > 0 && <span class="count">{untaken.value.length}</span>}
      </h2>
      <Stands
        face={trouble.value || (since === 0 ? "loading" : "fresh")}
        away={since ? t("alarms.away", { time: time(since) }) : t("alarms.none.away")}
        why={why.value}
        again={load}
      />
      {since > 0 && open.length === 0 && <p class="quiet">{t("alarms.none")}</p>}
      <ul class="plain rows" onKeyDown={moveIn}>
        {open.map((alarm) => (
          <Open key={alarm.id} alarm={alarm} />
        ))}
        {over.value.map((alarm) => (
          <li key={alarm.id} class="over">
            <p class="line">
              <span class="time">{time(Date.parse(alarm.cleared_at ?? ""))}</span>
              <span>
                <Detail alarm={alarm} />
              </span>
            </p>
            <p>
              {t("alarms.over", {
                who:
                  alarm.cleared_by === "wardwire"
                    ? t("alarms.itself")
                    : alarm.cleared_by_name || alarm.cleared_by || "",
                why: alarm.cleared_why ?? "",
              })}
            </p>
          </li>
        ))}
      </ul>
      <ClearDialog />
    </section>
  );
}

/** What it says; the message that it names is a button to its way. */
function Detail({ alarm: { kind, detail } }: { alarm: AlarmOut }) {
  const { text, message } = readDetail(detail);
  const key = `alarm.${kind}`;
  return (
    <>
      {isKey(key) && `${t(key)} `}
      <span lang="en">{text}</span>{" "}
      {message && (
        <button type="button" onClick={() => openLog(message)}>
          {t("alarms.story")}
        </button>
      )}
    </>
  );
}

function Open({ alarm }: { alarm: AlarmOut }) {
  const free = isUntaken(alarm);
  return (
    <li
      id={rowOf(alarm)}
      tabIndex={-1}
      class={free ? "failing" : ""}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === "Enter" && free) void take(alarm);
        else if (event.key.toLowerCase() === "c") askClear(alarm);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <p class="line">
        <span class="time">{time(Date.parse(alarm.raised_at))}</span>
        <strong>
          <Detail alarm={alarm} />
        </strong>
        <span class="since">{age(now.value - Date.parse(alarm.raised_at))}</span>
      </p>
      {alarm.times > 1 && <p class="quiet">{t("alarms.times", { n: alarm.times })}</p>}
      <p class="acts">
        {free ? (
          <span class="bad">{t("alarms.free")}</span>
        ) : (
          <span>
            {t("alarms.taken", {
              who: alarm.taken_by_name || alarm.taken_by || "",
              time: time(Date.parse(alarm.taken_at ?? "")),
            })}
          </span>
        )}
        {free && (
          <button type="button" class="first" onClick={() => void take(alarm)}>
            <kbd>Enter</kbd> {t("alarms.take")}
          </button>
        )}
        <button type="button" onClick={() => askClear(alarm)}>
          <kbd>C</kbd> {t("alarms.clear")}
        </button>
      </p>
    </li>
  );
}

function ClearDialog() {
  return (
    <dialog
      id="clear-alarm"
      aria-labelledby="clear-alarm-title"
      onClose={focusOmnibox}
      onKeyDown={(event) => {
        if (!(event.ctrlKey && event.key === "Enter")) return;
        event.preventDefault();
        void confirm();
      }}
    >
      <h2 id="clear-alarm-title">{t("alarms.clear")}</h2>
      <p>{clearing.value && <Detail alarm={clearing.value} />}</p>
      <label for="clear-why">{t("alarms.why")}</label>
      <input
        id="clear-why"
        type="text"
        maxLength={WHY_MAX}
        value={reason.value}
        onInput={(event) => {
          reason.value = event.currentTarget.value;
        }}
      />
      <p class="acts">
        <button type="button" class="first" disabled={!reason.value.trim()} onClick={() => void confirm()}>
          <kbd>Ctrl+Enter</kbd> {t("alarms.clear")}
        </button>
        <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>
          <kbd>Esc</kbd> {t("code.cancel")}
        </button>
      </p>
    </dialog>
  );
}
