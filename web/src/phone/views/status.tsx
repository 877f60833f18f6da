/** What the person is now, until when, and who covers. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Found } from "../../core/device/frames";
import { waits } from "../../core/device/outbox";
import { t, time } from "../../core/i18n";
import { Finder, statusOf } from "../parts/finder";
import { client, now } from "../state";

const STATUSES = ["available", "busy", "in_procedure", "do_not_disturb", "off"] as const;
type Status = (typeof STATUSES)[number];
const MINUTES = ["open", "30", "60", "120", "480"] as const;

export function StatusView() {
  const me = useSignal<Found | null | undefined>(undefined);
  const status = useSignal<Status>("available");
  const until = useSignal<(typeof MINUTES)[number]>("open");
  const cover = useSignal<Found | null>(null);
  const saved = useSignal(0);
  const asked = client.value?.kept.outbox.value.filter((said) => said.kind === "availability") ?? [];
  const waiting = asked.some(waits);
  const refused = asked.find((said) => !waits(said))?.refused;
  const live = client.value?.link.value.link === "live";

  // The site knows what one is: it finds one as everybody else is found. What it has confirmed since is newer.
  useEffect(() => {
    const current = client.peek();
    if (!current || !live) return;
    current.kept.availability.value = "";
    void current.search(current.card.name, 50, "person").then((found) => {
      me.value = found?.find((one) => one.id === current.card.person) ?? null;
      if (me.value?.status && STATUSES.includes(me.value.status as Status)) status.value = me.value.status as Status;
    });
  }, [live]);
  const said = client.value?.kept.availability.value || (me.value ? me.value.status || "available" : "");

  const lacks = status.value === "off" && cover.value === null;
  const save = async (): Promise<void> => {
    for (const said of asked) await client.value?.kept.forget(said.id);
    await client.value?.say("availability", {
      status: status.value,
      ...(until.value !== "open" && status.value !== "available"
        ? { until: new Date(now.value + Number(until.value) * 60_000).toISOString() }
        : {}),
      ...(cover.value && status.value !== "available" ? { cover: cover.value.id } : {}),
    });
    saved.value = now.value;
  };
  return (
    <main>
      <h1>{t("status.title")}</h1>
      <p class="state">{said ? t("status.now", { status: statusOf(said) }) : t("status.unknown")}</p>
      {said === me.value?.status && me.value.answers?.[0] && me.value.answers[0].id !== me.value.id && (
        <p class="quiet">{t("found.answers", { who: me.value.answers[0].name })}</p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!lacks) void save();
        }}
      >
        <fieldset>
          <legend>{t("status.set")}</legend>
          <div class="choices tall">
            {STATUSES.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="status"
                  checked={status.value === one}
                  onChange={() => {
                    status.value = one;
                  }}
                />
                {statusOf(one)}
              </label>
            ))}
          </div>
        </fieldset>
        {status.value !== "available" && (
          <>
            <label>
              {t("status.until")}
              <select
                value={until.value}
                onChange={(event) => {
                  until.value = event.currentTarget.value as "open";
                }}
              >
                {MINUTES.map((one) => (
                  <option key={one} value={one}>
                    {t(`status.until.${one}`)}
                  </option>
                ))}
              </select>
            </label>
            <Finder
              label={t("status.cover")}
              placeholder={t("compose.to.hint")}
              clear
              onChoose={(one) => {
                if (one.kind === "person" || one.kind === "role") cover.value = one;
              }}
            />
            <p class={lacks ? "warn" : "quiet"}>
              {cover.value ? cover.value.name : lacks ? t("status.cover.needed") : t("status.cover.none")}
            </p>
          </>
        )}
        <button type="submit" class="first wide" disabled={lacks || waiting}>
          {t("status.save")}
        </button>
      </form>
      <p role="status" class={waiting ? "waiting" : "quiet"}>
        {waiting
          ? t("status.saving")
          : refused
            ? ""
            : saved.value
              ? t("status.saved", { time: time(saved.value) })
              : ""}
      </p>
      {refused && (
        <p class="trouble" role="alert">
          {Array.isArray(refused.fields.chain)
            ? t("status.loop", { chain: refused.fields.chain.join(" > ") })
            : refused.detail}
        </p>
      )}
    </main>
  );
}
