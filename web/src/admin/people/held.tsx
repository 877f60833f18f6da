/** The devices of somebody, and their badge. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ask } from "../../core/rest";
import { DeviceTable } from "../devices/table";
import { Failed } from "../parts/faces";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { may } from "../state";
import type { PersonOut } from "./edit";
import { t } from "./words";

export function PersonDevices({ person, children }: { person: PersonOut; children: ComponentChildren }) {
  const load = useLoad(
    (signal) => ask("GET /v1/devices", { query: { person: person.id, limit: 100 }, signal }),
    [person],
  );
  return (
    <section>
      <h2>{t("devices")}</h2>
      <Shown load={load}>
        {({ data }) => <DeviceTable devices={data} empty={t("devices.none")} again={load.again} without="person" />}
      </Shown>
      <div class="buttons">{children}</div>
      {may("directory.write") && !person.disabled && <Badge person={person} />}
    </section>
  );
}

function Badge({ person }: { person: PersonOut }) {
  const form = useForm({ badge: "" });
  const said = useSignal("");
  const error = useSignal<unknown>(null);
  const path = { person_id: person.id };
  const take = async (): Promise<void> => {
    error.value = null;
    try {
      await ask("DELETE /v1/people/{person_id}/badge", { path });
      said.value = t("badge.removed");
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <details>
      <summary>{t("badge.title")}</summary>
      <p class="quiet">{t("badge.about")}</p>
      <form
        onSubmit={form.submit(
          (values) => ask("PUT /v1/people/{person_id}/badge", { path, body: { badge: values.badge.trim() } }),
          () => {
            form.reset({ badge: "" });
            said.value = t("badge.saved");
          },
        )}
      >
        <Field form={form} name="badge" label={t("badge.number")} hint={t("badge.hint")} required />
        <Save form={form} label={t("badge.set")} />
      </form>
      <div class="buttons">
        <button type="button" onClick={() => void take()}>
          {t("badge.remove")}
        </button>
        <span role="status">{said.value}</span>
      </div>
      {error.value ? <Failed error={error.value} /> : null}
    </details>
  );
}
