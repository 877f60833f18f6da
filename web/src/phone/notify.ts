/** Tells of messages while the app is not looked at. A notification never says anything of a patient. */

import { computed, effect } from "@preact/signals";
import { offersAnswer, priorityOf, type Row } from "../core/device/rows";
import { t } from "../core/i18n";
import { client, needing, ringing } from "./state";

export function canNotify(): NotificationPermission | "none" {
  return "Notification" in globalThis ? Notification.permission : "none";
}

/** What a locked screen may say, as the site's setting `notify` has it. */
export function words(row: Row, level: string): string {
  if (level === "nothing") return t("notify.nothing");
  const parts = [t("notify.priority", { priority: t(`priority.${priorityOf(row)}`) })];
  if (offersAnswer(row)) parts.push(t("notify.response"));
  const who = row.message?.sender.name;
  if (level === "sender" && who) parts.push(t("notify.from", { who }));
  return parts.join(" ");
}

export function announce(): void {
  let told = new Set<string>();
  effect(() => {
    const rings = ringing.value;
    const fresh = rings.filter((row) => !told.has(row.id));
    told = new Set(rings.map((row) => row.id));
    const leads = client.value?.leads.peek() ?? false;
    if (!leads || document.visibilityState === "visible" || canNotify() !== "granted") return;
    const level = String(client.peek()?.kept.settings.peek().values.notify ?? "priority");
    for (const row of fresh) {
      void navigator.serviceWorker?.ready.then((worker) =>
        worker.showNotification(t("app.name"), { body: words(row, level), tag: row.id, icon: "/icon-192.png" }),
      );
    }
  });
  const asked = computed(() => needing.value.length);
  effect(() => {
    const n = asked.value;
    document.title = n > 0 ? `(${n}) ${t("app.name")}` : t("app.name");
    if ("setAppBadge" in navigator)
      void (n > 0 ? navigator.setAppBadge(n) : navigator.clearAppBadge()).catch(() => undefined);
  });
}
