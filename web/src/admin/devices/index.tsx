/** Devices: the register of all, one by one, shared ones, lost ones, and how they are to behave. */

import "../who/who.css";
import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { address, may, place, show } from "../state";
import { Device } from "./device";
import { Groups } from "./groups";
import { Layer } from "./layer";
import { Lost } from "./lost";
import { DeviceTable } from "./table";
import { t } from "./words";

type One = Answer<"GET /v1/devices">["data"][number];

export default function Devices() {
  const [what, which] = place.value.rest;
  if (what === "site") return <SiteSettings />;
  if (what === "group" && which) return <GroupSettings key={which} id={which} />;
  return what ? <Device key={what} id={what} /> : <List />;
}

const STATES = ["active", "lost", "revoked"] as const;

function List() {
  const query = place.value.query;
  const state = query.get("state") ?? "active";
  const ownership = query.get("ownership") ?? "";
  const silent = query.get("silent") ?? "";
  const extra = useSignal<{ of: string; data: One[]; next: string | null } | null>(null);
  const asked = {
    limit: 100,
    ...(state === "all" ? {} : { state }),
    ...(ownership ? { ownership } : {}),
    ...(silent ? { not_heard_since: new Date(silent).toISOString() } : {}),
  };
  const of = JSON.stringify(asked);
  const load = useLoad((signal) => ask("GET /v1/devices", { query: asked, signal }), [of]);
  const later = extra.value?.of === of ? extra.value : null;
  const more = async (after: string): Promise<void> => {
    const page = await ask("GET /v1/devices", { query: { ...asked, after } });
    extra.value = { of, data: [...(later?.data ?? []), ...page.data], next: page.next };
  };
  return (
    <>
      <h1>{t("title")}</h1>
      <div class="filter">
        <label>
          {t("state")}{" "}
          <select value={state} onChange={(event) => show({ state: event.currentTarget.value })}>
            {[...STATES, "all" as const].map((one) => (
              <option key={one} value={one}>
                {t(`state.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("ownership")}{" "}
          <select value={ownership} onChange={(event) => show({ ownership: event.currentTarget.value })}>
            <option value="">{t("ownership.any")}</option>
            <option value="hospital">{t("ownership.hospital")}</option>
            <option value="own">{t("ownership.own")}</option>
          </select>
        </label>
        <label>
          {t("silent")}{" "}
          <input type="date" value={silent} onChange={(event) => show({ silent: event.currentTarget.value })} />
        </label>
        <a class="button" href={address("devices", "site")}>
          {t("site.title")}
        </a>
      </div>
      <section>
        <Shown load={load}>
          {({ data, next }) => {
            const follows = later ? later.next : next;
            return (
              <DeviceTable
                devices={[...data, ...(later?.data ?? [])]}
                empty={t("none")}
                again={load.again}
                more={follows ? () => void more(follows) : null}
              />
            );
          }}
        </Shown>
      </section>
      {may("device.revoke") && <Lost />}
      <Groups />
    </>
  );
}

function SiteSettings() {
  const load = useLoad((signal) => ask("GET /v1/device-settings", { signal }));
  return (
    <>
      <h1>{t("site.title")}</h1>
      <section>
        <p class="quiet">{t("site.about")}</p>
        <Shown load={load} bare>
          {(layer) => (
            <Layer layer={layer} save={(body) => ask("PUT /v1/device-settings", { body })} saved={load.again} />
          )}
        </Shown>
      </section>
    </>
  );
}

function GroupSettings({ id }: { id: string }) {
  const path = { group_id: id };
  const load = useLoad((signal) => ask("GET /v1/device-groups/{group_id}/settings", { path, signal }), [id]);
  return (
    <>
      <h1>{t("groups.settings")}</h1>
      <section>
        <p class="quiet">{t("groups.settings.about")}</p>
        <Shown load={load} bare>
          {(layer) => (
            <Layer
              layer={layer}
              save={(body) => ask("PUT /v1/device-groups/{group_id}/settings", { path, body })}
              saved={load.again}
            />
          )}
        </Shown>
      </section>
    </>
  );
}
