/** One device: what the register says of it, who has it, and how it is to behave, with the layer that says so. */

import { useSignal } from "@preact/signals";
import { type Answer, ask, askTagged } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { may } from "../state";
import { type Choice, Chooser } from "../who/finder";
import { time } from "../words";
import { Layer } from "./layer";
import { DeviceTable, sayWhat } from "./table";
import { t } from "./words";

type Whole = Answer<"GET /v1/devices/{device_id}">;

export function Device({ id }: { id: string }) {
  const path = { device_id: id };
  const load = useLoad((signal) => askTagged("GET /v1/devices/{device_id}", { path, signal }), [id]);
  const groups = useLoad((signal) => ask("GET /v1/device-groups", { query: { limit: 200 }, signal }));
  return (
    <Shown load={load} bare>
      {({ answer: { device, settings, own }, etag }) => (
        <>
          <h1>
            <bdi>{device.name}</bdi>
          </h1>
          <p class="quiet">
            {[sayWhat(device), t("registered", { time: time(device.registered_at, false) })].join(" · ")}
          </p>
          <section>
            <h2>{t("whose")}</h2>
            <DeviceTable devices={[device]} empty="" again={load.again} />
            {may("directory.write") && device.state === "active" && <Share device={device} again={load.again} />}
            {device.unit && device.state === "active" && <Turns device={device} again={load.again} />}
          </section>
          {may("directory.write") && (
            <section>
              <h2>{t("register.title")}</h2>
              <Register
                key={etag}
                device={device}
                etag={etag}
                groups={groups.now.value.value?.data ?? []}
                saved={load.again}
              />
            </section>
          )}
          <section>
            <h2>{t("settings.title")}</h2>
            <Resolved settings={settings} />
            {may("directory.write") && (
              <details>
                <summary>{t("settings.own")}</summary>
                <Layer
                  layer={own}
                  known={settings}
                  save={(body) => ask("PUT /v1/devices/{device_id}/settings", { path, body })}
                  saved={load.again}
                />
              </details>
            )}
          </section>
        </>
      )}
    </Shown>
  );
}

function Register({
  device,
  etag,
  groups,
  saved,
}: {
  device: Whole["device"];
  etag: string;
  groups: readonly { id: string; name: string }[];
  saved: () => void;
}) {
  const form = useForm({
    name: device.name,
    ownership: device.ownership,
    cost_centre: device.cost_centre,
    group: device.group ?? "",
  });
  return (
    <form
      onSubmit={form.submit(
        ({ group, ...values }) =>
          ask("PATCH /v1/devices/{device_id}", {
            path: { device_id: device.id },
            body: { ...values, group: group || null },
            match: etag,
          }),
        saved,
      )}
    >
      <div class="columns">
        <Field form={form} name="name" label={t("name")} required />
        <Field
          form={form}
          name="ownership"
          label={t("ownership")}
          options={[
            ["", t("ownership.unknown")],
            ["hospital", t("ownership.hospital")],
            ["own", t("ownership.own")],
          ]}
        />
        <Field form={form} name="cost_centre" label={t("cost_centre")} />
        <Field
          form={form}
          name="group"
          label={t("group")}
          options={[["", t("group.none")], ...groups.map((one): [string, string] => [one.id, one.name])]}
        />
      </div>
      <Save form={form} />
    </form>
  );
}

/** Make it a unit's, so that it is taken by badge. */
function Share({ device, again }: { device: Whole["device"]; again: () => void }) {
  const unit = useSignal<Choice | null>(null);
  const error = useSignal<unknown>(null);
  const share = async (): Promise<void> => {
    error.value = null;
    try {
      await ask("POST /v1/devices/{device_id}/share", {
        path: { device_id: device.id },
        body: { unit: unit.value?.id ?? "" },
      });
      unit.value = null;
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <details>
      <summary>{device.unit ? t("share.other") : t("share.title")}</summary>
      <p class="quiet">{t("share.about")}</p>
      <Chooser
        label={t("share.unit")}
        kinds={["place"]}
        chosen={unit.value}
        onChange={(one) => {
          unit.value = one;
        }}
      />
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button type="button" disabled={!unit.value} onClick={() => void share()}>
          {t("share.now")}
        </button>
      </div>
    </details>
  );
}

/** Give a shared device to somebody, or take it back. */
function Turns({ device, again }: { device: Whole["device"]; again: () => void }) {
  const person = useSignal<Choice | null>(null);
  const error = useSignal<unknown>(null);
  const path = { device_id: device.id };
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    error.value = null;
    try {
      await work();
      person.value = null;
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <div>
      <h3>{t("turn.title")}</h3>
      {device.held_until && <p>{t("turn.until", { time: time(device.held_until, false) })}</p>}
      <Chooser
        label={t("turn.to")}
        kinds={["person"]}
        chosen={person.value}
        onChange={(one) => {
          person.value = one;
        }}
      />
      {error.value ? <Failed error={error.value} /> : null}
      <div class="buttons">
        <button
          type="button"
          disabled={!person.value}
          onClick={() =>
            void attempt(() =>
              ask("POST /v1/devices/{device_id}/check-out", { path, body: { person: person.value?.id ?? "" } }),
            )
          }
        >
          {t("turn.give")}
        </button>
        {device.person && (
          <button
            type="button"
            onClick={() => void attempt(() => ask("POST /v1/devices/{device_id}/check-in", { path }))}
          >
            {t("turn.take")}
          </button>
        )}
      </div>
    </div>
  );
}

function Resolved({ settings }: { settings: Whole["settings"] }) {
  return (
    <Table
      caption={t("settings.title")}
      rows={Object.entries(settings)}
      keyOf={([key]) => key}
      empty={t("settings.none")}
      filter
      columns={[
        {
          key: "key",
          head: t("settings.key"),
          value: ([key, one]) => `${key} ${one.about}`,
          cell: ([key, one]) => (
            <>
              <code>{key}</code>
              <p class="quiet">{one.about.replaceAll("`", "")}</p>
            </>
          ),
        },
        { key: "value", head: t("settings.value"), cell: ([, one]) => <code>{String(one.value)}</code> },
        {
          key: "source",
          head: t("settings.source"),
          value: ([, one]) => one.source,
          cell: ([, one]) => (
            <>
              {t(`source.${one.source as "site"}`)}
              {one.locked_by && ` · ${t("settings.locked", { by: t(`source.${one.locked_by as "site"}`) })}`}
            </>
          ),
        },
      ]}
    />
  );
}
