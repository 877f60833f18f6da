/** Devices in a table: whose, what, when last heard, and what can be done with each. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { Table } from "../parts/table";
import { address, may } from "../state";
import { t as common } from "../who/words";
import { time } from "../words";
import { t } from "./words";

export type DeviceOut = Answer<"GET /v1/devices">["data"][number];
type Ending = "revoke" | "lock" | "wipe";

interface Props {
  devices: readonly DeviceOut[];
  empty: string;
  again: () => void;
  more?: (() => void) | null;
  without?: "person";
}

export function DeviceTable({ devices, empty, again, more, without }: Props) {
  const ending = useSignal<DeviceOut | null>(null);
  return (
    <>
      <Table
        caption={t("title")}
        rows={devices}
        keyOf={(one) => one.id}
        empty={empty}
        more={more ?? null}
        filter={devices.length > 10}
        columns={[
          {
            key: "name",
            head: t("name"),
            value: (one) => one.name,
            cell: (one) => (
              <a href={address("devices", one.id)}>
                <bdi>{one.name}</bdi>
              </a>
            ),
          },
          ...(without === "person"
            ? []
            : [
                {
                  key: "person",
                  head: t("person"),
                  value: (one: DeviceOut) => one.person_name,
                  cell: (one: DeviceOut) => (
                    <>
                      {one.person ? <a href={address("people", one.person)}>{one.person_name}</a> : common("nobody")}
                      {one.unit_name && <span class="quiet"> · {t("shared_by", { unit: one.unit_name })}</span>}
                    </>
                  ),
                },
              ]),
          {
            key: "what",
            head: t("what"),
            value: (one) => sayWhat(one),
            cell: (one) => <span class="quiet">{sayWhat(one)}</span>,
          },
          {
            key: "heard",
            head: t("heard"),
            value: (one) => (one.last_heard_at ? Date.parse(one.last_heard_at) : 0),
            cell: (one) => (one.last_heard_at ? time(one.last_heard_at, false) : common("never")),
          },
          {
            key: "state",
            head: t("state"),
            value: (one) => t(`state.${one.state as "lost"}`),
            cell: (one) =>
              one.state === "active" ? t("state.active") : <strong>{t(`state.${one.state as "lost"}`)}</strong>,
          },
          {
            key: "do",
            head: t("actions"),
            cell: (one) =>
              may("device.revoke") && one.state === "active" ? (
                <button
                  type="button"
                  class="danger"
                  onClick={() => {
                    ending.value = one;
                  }}
                >
                  {t("end")}
                  <span class="hidden"> {one.name}</span>
                </button>
              ) : null,
          },
        ]}
      />
      <End
        device={ending.value}
        done={(changed) => {
          ending.value = null;
          if (changed) again();
        }}
      />
    </>
  );
}

/** What a device says of itself, in one line. Pure. */
export function sayWhat(one: DeviceOut): string {
  return [one.type, one.platform, one.model, one.os, one.app].filter(Boolean).join(" · ");
}

function End({ device, done }: { device: DeviceOut | null; done: (changed: boolean) => void }) {
  const how = useSignal<Ending>("revoke");
  const why = useSignal("");
  const error = useSignal<unknown>(null);
  const end = async (): Promise<void> => {
    if (!device) return;
    const path = { device_id: device.id };
    const said = why.value.trim();
    error.value = null;
    try {
      if (how.value === "revoke")
        await ask("POST /v1/devices/{device_id}/revoke", { path, body: { why: said || "not said" } });
      else await ask("POST /v1/devices/{device_id}/lost", { path, body: { order: how.value, why: said || "lost" } });
      done(true);
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <Dialog open={device !== null} title={t("end.title", { name: device?.name ?? "" })} onClose={() => done(false)}>
      <fieldset>
        <legend>{t("end.how")}</legend>
        {(["revoke", "lock", "wipe"] as const).map((one) => (
          <p key={one} class="field check">
            <input
              id={`end-${one}`}
              type="radio"
              name="end"
              checked={how.value === one}
              onChange={() => {
                how.value = one;
              }}
            />
            <label for={`end-${one}`}>{t(`end.${one}`)}</label>
          </p>
        ))}
      </fieldset>
      <div class="field">
        <label for="end-why">{t("end.why")}</label>
        <input
          id="end-why"
          maxLength={100}
          value={why.value}
          onKeyDown={(event) => {
            // Enter would press the first button that hands in, which cancels.
            if (event.key === "Enter") event.preventDefault();
          }}
          onInput={(event) => {
            why.value = event.currentTarget.value;
          }}
        />
      </div>
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button type="submit" class="first">
          {common("cancel")}
        </button>
        <button type="button" class="danger" onClick={() => void end()}>
          {t("end.now")}
        </button>
      </div>
    </Dialog>
  );
}
