/** The ways to somebody beside their devices: entered, verified, tried hop by hop. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Field, Save, useForm } from "../parts/form";
import { Table } from "../parts/table";
import { may } from "../state";
import { t as common } from "../who/words";
import { time } from "../words";
import type { PersonOut } from "./edit";
import { Trial } from "./trial";
import { t } from "./words";

type Endpoint = PersonOut["endpoints"][number];
const KINDS = ["email", "pager", "phone", "sms", "voice"] as const;

export function Endpoints({ person, again }: { person: PersonOut; again: () => void }) {
  const trial = useSignal<{ way: string; nth: number } | null>(null);
  const error = useSignal<unknown>(null);
  const change = async (endpoint: Endpoint, body: { verified?: boolean; disabled?: boolean }): Promise<void> => {
    error.value = null;
    try {
      await ask("PATCH /v1/endpoints/{endpoint_id}", { path: { endpoint_id: endpoint.id }, body });
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  const test = (way: string): void => {
    trial.value = { way, nth: (trial.peek()?.nth ?? 0) + 1 };
  };
  return (
    <section>
      <h2>{t("endpoints.title")}</h2>
      {error.value ? <Failed error={error.value} /> : null}
      <Table
        caption={t("endpoints.title")}
        rows={person.endpoints}
        keyOf={(one) => one.id}
        empty={t("endpoints.none")}
        columns={[
          { key: "kind", head: t("endpoints.kind"), cell: (one) => t(`kind.${one.kind as "email"}`) },
          { key: "address", head: t("endpoints.address"), cell: (one) => <bdi>{one.address}</bdi> },
          { key: "state", head: t("endpoints.state"), cell: (one) => sayState(one) },
          {
            key: "do",
            head: t("actions"),
            cell: (one) => (
              <div class="buttons tight">
                {may("endpoint.test") && !one.disabled && (
                  <button type="button" onClick={() => test(one.id)}>
                    {t("test")}
                    <span class="hidden"> {one.address}</span>
                  </button>
                )}
                {may("directory.write") && !one.verified_at && !one.disabled && (
                  <button type="button" onClick={() => void change(one, { verified: true })}>
                    {t("endpoints.verify")}
                    <span class="hidden"> {one.address}</span>
                  </button>
                )}
                {may("directory.write") && (
                  <button type="button" onClick={() => void change(one, { disabled: !one.disabled })}>
                    {one.disabled ? t("endpoints.use") : t("endpoints.stop")}
                    <span class="hidden"> {one.address}</span>
                  </button>
                )}
              </div>
            ),
          },
        ]}
      />
      {may("endpoint.test") && !person.disabled && (
        <div class="buttons">
          <button type="button" onClick={() => test("app")}>
            {t("test.devices")}
          </button>
        </div>
      )}
      {trial.value && <Trial key={trial.value.nth} person={person.id} way={trial.value.way} />}
      {may("directory.write") && (
        <details>
          <summary>{t("endpoints.new")}</summary>
          <Add person={person} saved={again} />
        </details>
      )}
    </section>
  );
}

/** What there is to know of an endpoint, in a few words. */
export function sayState(one: Endpoint): string {
  if (one.disabled) return t("endpoints.off");
  return [
    one.verified_at ? t("endpoints.verified", { time: time(one.verified_at, false) }) : t("endpoints.unverified"),
    one.served ? "" : t("endpoints.unserved"),
    one.emergency_only ? t("endpoints.emergency") : "",
    one.until ? t("until", { time: time(one.until, false) }) : "",
    ...one.quiet.map((hours) => t("endpoints.quiet", { hours })),
  ]
    .filter(Boolean)
    .join(", ");
}

const EMPTY = { kind: "email", address: "", verified: false, emergency_only: false, quiet: "" };

function Add({ person, saved }: { person: PersonOut; saved: () => void }) {
  const form = useForm(EMPTY);
  return (
    <form
      onSubmit={form.submit(
        ({ quiet, ...values }, key) =>
          ask("POST /v1/people/{person_id}/endpoints", {
            path: { person_id: person.id },
            body: { ...values, quiet: quiet.trim() ? [quiet.trim()] : [] },
            key,
          }),
        () => {
          form.reset(EMPTY);
          saved();
        },
      )}
    >
      <Field
        form={form}
        name="kind"
        label={t("endpoints.kind")}
        options={KINDS.map((one) => [one, t(`kind.${one}`)])}
      />
      <Field form={form} name="address" label={t("endpoints.address")} required />
      <Field form={form} name="quiet" label={t("endpoints.quiet.label")} hint={t("endpoints.quiet.hint")} />
      <Field form={form} name="verified" type="checkbox" label={t("endpoints.verified.label")} />
      <Field form={form} name="emergency_only" type="checkbox" label={t("endpoints.emergency.label")} />
      <Save form={form} label={common("add")} />
    </form>
  );
}
