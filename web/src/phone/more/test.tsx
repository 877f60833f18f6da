/** A test of one's alerts: the whole way, each step timed, and somebody has to hear it. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { waits } from "../../core/device/outbox";
import { t as common } from "../../core/i18n";
import { Refused } from "../parts/answers";
import { sound, unlock } from "../sound";
import { client } from "../state";
import { t } from "./words";

const HOPS = ["kept", "stored", "arrived", "known", "heard"] as const;
type Hop = (typeof HOPS)[number];

/** A test goes the whole way of an alert: to the site, to this device, and back as a receipt; and somebody has to hear it. */
export function Test() {
  const begun = useSignal<{ id: string; at: number } | null>(null);
  const hops = useSignal<Partial<Record<Hop, number>>>({});
  const failed = useSignal("");
  const found = useComputed(() => {
    const [asked, kept] = [begun.value, client.value?.kept];
    if (!asked || !kept || kept.tested.value.request !== asked.id) return undefined;
    return { message: kept.tested.value.message, row: kept.rows.value.get(kept.tested.value.message) };
  });
  useSignalEffect(() => {
    const there = found.value;
    if (!begun.value || !there) return;
    const state = there.row?.mine?.state ?? "";
    const reached: Hop[] = ["stored"];
    if (there.row?.message) reached.push("arrived");
    if (state && state !== "pending" && state !== "unreachable") reached.push("known");
    if (state === "accepted") reached.push("heard");
    const known = hops.peek();
    const fresh = reached.filter((hop) => known[hop] === undefined).map((hop) => [hop, performance.now()] as const);
    if (fresh.length > 0) hops.value = { ...known, ...Object.fromEntries(fresh) };
  });
  const run = async (): Promise<void> => {
    const current = client.value;
    if (!current) return;
    const at = performance.now();
    void unlock();
    failed.value = "";
    try {
      const id = await current.say("test", { endpoint: "app" });
      hops.value = { kept: performance.now() };
      begun.value = { id, at };
    } catch {
      failed.value = common("error.storage");
    }
  };
  const row = found.value?.row;
  const seconds = (ms: number): string => ((ms - (begun.value?.at ?? 0)) / 1_000).toFixed(1);
  const refused = client.value?.kept.outbox.value.find((said) => said.id === begun.value?.id && !waits(said));
  return (
    <section>
      <h2>{t("more.test")}</h2>
      <p class="quiet">{t("more.test.about")}</p>
      <button type="button" onClick={() => void run()}>
        {t("more.test.run")}
      </button>
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      {refused && <Refused said={refused} />}
      {begun.value && (
        <ol class="timeline" aria-live="polite">
          {HOPS.map((hop) => {
            const at = hops.value[hop];
            return at !== undefined && <li key={hop}>{t(`more.test.${hop}`, { s: seconds(at) })}</li>;
          })}
          {!refused && hops.value.stored === undefined && <li>{t("more.test.waiting")}</li>}
        </ol>
      )}
      {row && hops.value.heard === undefined && (
        <>
          <p class={sound.value === "on" ? "" : "warn"}>
            {t(sound.value === "on" ? "more.test.rings" : "more.test.silent")}
          </p>
          <button type="button" class="first" onClick={() => void client.value?.answer(row, { word: "accept" })}>
            {t("more.test.hear")}
          </button>
        </>
      )}
    </section>
  );
}
