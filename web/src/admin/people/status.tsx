/** The status of somebody, set for them: until when, and who covers. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Field, Save, useForm } from "../parts/form";
import { may } from "../state";
import { type Choice, Chooser } from "../who/finder";
import { useNames } from "../who/names";
import type { PersonOut } from "./edit";
import { t } from "./words";

const STATUSES = ["available", "busy", "in_procedure", "do_not_disturb", "off"] as const;
const COVERS = ["nobody", "named", "number", "hold"] as const;

export function StatusPart({ person, saved }: { person: PersonOut; saved: () => void }) {
  const nameOf = useNames(person.cover ? [person.cover] : []);
  const covered = person.cover ? (person.cover === "hold" ? t("cover.hold") : nameOf(person.cover)) : "";
  return (
    <section>
      <h2>{t("status")}</h2>
      <p>
        {t(`status.${person.status as "off"}`)}
        {covered && ` · ${t("covered_by", { name: covered })}`}
      </p>
      {may("status.set") && (
        <details>
          <summary>{t("status.set")}</summary>
          <SetStatus person={person} saved={saved} />
        </details>
      )}
    </section>
  );
}

function SetStatus({ person, saved }: { person: PersonOut; saved: () => void }) {
  const form = useForm({ status: person.status, until: "", kind: "nobody", number: "" });
  const cover = useSignal<Choice | null>(null);
  const { status, kind } = form.values.value;
  return (
    <form
      onSubmit={form.submit(
        (values) =>
          ask("PUT /v1/people/{person_id}/status", {
            path: { person_id: person.id },
            body: {
              status: values.status,
              until: values.until ? new Date(values.until).toISOString() : null,
              cover: coverOf(values.kind, values.number, cover.peek()),
            },
          }),
        saved,
      )}
    >
      <Field
        form={form}
        name="status"
        label={t("status")}
        options={STATUSES.map((one) => [one, t(`status.${one}`)])}
      />
      {status !== "available" && (
        <>
          <Field
            form={form}
            name="until"
            type="datetime-local"
            label={t("status.until")}
            hint={t("status.until.hint")}
          />
          <Field form={form} name="kind" label={t("cover")} options={COVERS.map((one) => [one, t(`cover.${one}`)])} />
          {kind === "named" && (
            <Chooser
              label={t("cover.who")}
              kinds={["person", "role"]}
              chosen={cover.value}
              onChange={(one) => {
                cover.value = one;
              }}
            />
          )}
          {kind === "number" && <Field form={form} name="number" label={t("cover.number.label")} />}
          {form.fault("cover") && <p class="fault">{form.fault("cover")}</p>}
        </>
      )}
      <Save form={form} />
    </form>
  );
}

/** A cover as the API writes it. Pure. */
export function coverOf(kind: string, number: string, chosen: Choice | null): string {
  if (kind === "named") return chosen?.id ?? "";
  if (kind === "number") return `number:${number.trim()}`;
  return kind === "hold" ? "hold" : "";
}
