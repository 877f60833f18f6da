/** What is not needed to receive and to answer, and comes later: the settings. A network may be needed for it once. */

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../../core/i18n";

/** So long after the start it is fetched, and kept by the service worker, also when nobody has opened it. */
const QUIET_MS = 5_000;

const part = signal<ComponentType | "coming" | "failed">("coming");

function load(): void {
  if (typeof part.peek() === "function") return;
  void import("../more").then(
    (found) => {
      part.value = found.More;
    },
    () => {
      part.value = "failed";
    },
  );
}

export function fetchLater(): void {
  setTimeout(load, QUIET_MS);
}

export function Later() {
  useEffect(load, []);
  const Part = part.value;
  if (typeof Part === "function") return <Part />;
  return (
    <main>
      {Part === "coming" ? (
        <p role="status">{t("later.loading")}</p>
      ) : (
        <p class="trouble" role="alert">
          {t("later.failed")}
          <button type="button" onClick={() => location.reload()}>
            {t("update.now")}
          </button>
        </p>
      )}
    </main>
  );
}
