/** This device: which it is, what is odd about it, notifications, the lock; and leaving. */

import { useSignal } from "@preact/signals";
import { t as common } from "../../core/i18n";
import { canNotify } from "../notify";
import { client, closed } from "../state";
import { AddPasskey, SetPasscode } from "../views/lock";
import { t } from "./words";

const CLOCK_OFF_MS = 60_000;

export function Notifications() {
  const state = useSignal(canNotify());
  return (
    <section>
      <h2>{t("more.notifications")}</h2>
      {state.value === "granted" ? (
        <>
          <p>{t("more.notifications.on")}</p>
          {closed.value && (
            <p class={closed.value === "cannot" ? "warn" : "quiet"}>{t(`more.closed.${closed.value}`)}</p>
          )}
        </>
      ) : state.value === "default" ? (
        <button
          type="button"
          onClick={() =>
            void Notification.requestPermission().then((answer) => {
              state.value = answer;
            })
          }
        >
          {common("more.notifications.allow")}
        </button>
      ) : (
        <p>{common(state.value === "denied" ? "more.notifications.blocked" : "more.notifications.none")}</p>
      )}
    </section>
  );
}

export function ThisDevice() {
  const sure = useSignal(false);
  const current = client.value;
  if (!current) return null;
  const remove = async (): Promise<void> => {
    await current.leave();
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
      {current.link.value.link !== "live" && <p class="warn">{t("more.remove.away")}</p>}
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
            {common("more.remove.sure")}
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

/** The lock among the settings. */
export function Passcode() {
  const current = client.value;
  const open = useSignal(false);
  const done = useSignal("");
  if (!current) return null;
  const guarded = current.guarded.value;
  const seconds = Number(current.kept.settings.value.values.lock_after_s ?? 120);
  return (
    <section>
      <h2>{common("lock.section")}</h2>
      <p>
        {guarded ? common("lock.after", { minutes: Math.max(1, Math.round(seconds / 60)) }) : common("lock.none")}
      </p>
      <div class="buttons">
        {guarded && (
          <button type="button" onClick={() => void current.lock()}>
            {common("lock.now")}
          </button>
        )}
        <button
          type="button"
          aria-expanded={open.value}
          onClick={() => {
            open.value = !open.value;
            done.value = "";
          }}
        >
          {common(guarded ? "lock.change" : "lock.set")}
        </button>
      </div>
      {open.value && (
        <SetPasscode
          done={() => {
            open.value = false;
            done.value = common("lock.done");
          }}
        />
      )}
      {guarded && (
        <AddPasskey
          key={done.value}
          done={() => {
            done.value = common("lock.passkey.done");
          }}
        />
      )}
      <p role="status">{done.value}</p>
    </section>
  );
}
