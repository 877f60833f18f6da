/** Disable somebody, after it was said what is open for them and what hangs on them; or let them be there again. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { t as common } from "../who/words";
import type { PersonOut } from "./edit";
import { TieList, type Ties } from "./ties";
import { t } from "./words";

export function Disable({ person, done }: { person: PersonOut; done: () => void }) {
  const ties = useSignal<Ties | null>(null);
  const error = useSignal<unknown>(null);
  const path = { person_id: person.id };
  const begin = async (): Promise<void> => {
    error.value = null;
    try {
      ties.value = await ask("GET /v1/people/{person_id}/ties", { path });
    } catch (refused) {
      error.value = refused;
    }
  };
  const set = async (disabled: boolean): Promise<void> => {
    error.value = null;
    try {
      await ask("PATCH /v1/people/{person_id}", { path, body: { disabled } });
      ties.value = null;
      done();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <>
      {person.disabled ? (
        <button type="button" onClick={() => void set(false)}>
          {t("enable")}
        </button>
      ) : (
        <button type="button" class="danger" onClick={() => void begin()}>
          {t("disable")}
        </button>
      )}
      {error.value ? <Failed error={error.value} /> : null}
      <Dialog
        open={ties.value !== null}
        title={t("disable.title", { name: person.name })}
        onClose={() => (ties.value = null)}
      >
        {ties.value && (
          <>
            <p>{ties.value.open ? <strong>{t("disable.open")}</strong> : t("disable.nothing_open")}</p>
            <h3>{t("ties.title")}</h3>
            <TieList ties={ties.value} />
            <p class="quiet">{t("disable.what")}</p>
          </>
        )}
        <div class="buttons">
          <button type="submit" class="first">
            {common("cancel")}
          </button>
          <button type="button" class="danger" onClick={() => void set(true)}>
            {t("disable.now")}
          </button>
        </div>
      </Dialog>
    </>
  );
}
