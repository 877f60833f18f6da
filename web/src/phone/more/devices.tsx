/** One's devices: which they are, when each was last heard; a lost one is reported here, one of no use removed. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DevicesFrame, LostOne, OwnDevice } from "../../core/generated/frames";
import { age, t as common, isKey, time } from "../../core/i18n";
import { client, now } from "../state";
import { type Key, t } from "./words";

/** The register is some minutes coarse: what is younger was heard just now. */
const COARSE_MS = 5 * 60_000;
type Act = "lost" | "remove";

export function Devices() {
  const found = useSignal<DevicesFrame | "asked" | "away">("asked");
  const said = useSignal("");
  const live = client.value?.link.value.link === "live";
  const ask = async (): Promise<void> => {
    const answer = await client.peek()?.request({ t: "devices" });
    if (answer?.t === "devices") found.value = answer;
    else if (typeof found.value === "string") found.value = "away";
  };
  useEffect(() => {
    if (live) void ask();
    else if (typeof found.peek() === "string") found.value = "away";
  }, [live]);
  const shown = found.value;
  return (
    <main>
      <a class="button back" href="#/more">
        {t("devices.back")}
      </a>
      <h1>{t("more.devices")}</h1>
      <p class="quiet">{t("more.devices.about")}</p>
      <p role="status">{said.value}</p>
      {shown === "asked" && <p role="status">{t("devices.loading")}</p>}
      {shown === "away" && (
        <p class="trouble" role="alert">
          {t("devices.away")}
          <button type="button" onClick={() => void ask()}>
            {t("devices.again")}
          </button>
        </p>
      )}
      {typeof shown !== "string" && (
        <>
          <ul class="devices">
            {(shown.data ?? []).map((one) => (
              <One
                key={one.id}
                device={one}
                done={(what) => {
                  said.value = t(what, { name: one.name, time: time(now.value) });
                  void ask();
                }}
              />
            ))}
          </ul>
          {(shown.lost ?? []).length > 0 && <LostOnes lost={shown.lost ?? []} />}
        </>
      )}
    </main>
  );
}

function One({ device, done }: { device: OwnDevice; done: (what: Key) => void }) {
  const asked = useSignal<Act | "">("");
  const failed = useSignal("");
  const here = device.id === client.value?.card.device;
  const act = async (): Promise<void> => {
    const what = asked.value;
    const answer = await client.value?.request({ t: `device_${what}`, device: device.id });
    if (answer?.t === "done") {
      done(what === "lost" ? "devices.done.lost" : "devices.done.removed");
      return;
    }
    const key = answer?.t === "refused" ? `error.${answer.code}` : "";
    failed.value = key
      ? t("devices.refused", { why: isKey(key) ? common(key) : answer?.t === "refused" ? answer.detail : "" })
      : t("devices.failed");
  };
  const name = device.name;
  return (
    <li>
      <h2>
        <bdi>{name}</bdi>
      </h2>
      {here ? <p class="here">{t("devices.this")}</p> : <p class="quiet">{heard(device)}</p>}
      <p class="quiet">
        {[device.os, device.type, device.app].filter(Boolean).join(", ")}
        <br />
        {t("devices.in", { time: time(Date.parse(device.registered_at)) })}
      </p>
      {device.unit && <p class="quiet">{t("devices.unit", { unit: device.unit })}</p>}
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      {asked.value ? (
        <>
          <p class="warn">{t(`devices.${asked.value}.about`, { name })}</p>
          <div class="buttons">
            <button
              type="button"
              class="first"
              onClick={() => {
                asked.value = failed.value = "";
              }}
            >
              {t("more.remove.not")}
            </button>
            <button type="button" class="danger" onClick={() => void act()}>
              {asked.value === "lost" ? t("devices.lost.sure") : common("more.remove.sure")}
            </button>
          </div>
        </>
      ) : (
        !here && (
          <div class="buttons">
            <button
              type="button"
              onClick={() => {
                asked.value = "lost";
              }}
            >
              {t("devices.lost", { name })}
            </button>
            {!device.unit && (
              <button
                type="button"
                onClick={() => {
                  asked.value = "remove";
                }}
              >
                {t("devices.remove", { name })}
              </button>
            )}
          </div>
        )
      )}
    </li>
  );
}

function heard(device: OwnDevice): string {
  if (!device.last_heard_at) return t("devices.never");
  const ms = now.value - Date.parse(device.last_heard_at);
  return ms < COARSE_MS ? t("devices.heard.now") : t("devices.heard", { age: age(ms) });
}

function LostOnes({ lost }: { lost: LostOne[] }) {
  return (
    <section>
      <h2>{t("devices.lost.title")}</h2>
      <ul class="devices">
        {lost.map((one) => (
          <li key={one.id}>
            <strong>
              <bdi>{one.name}</bdi>
            </strong>
            <p>{t(`devices.order.${one.state as "requested"}`)}</p>
            <p class="quiet">{time(Date.parse(one.at))}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
