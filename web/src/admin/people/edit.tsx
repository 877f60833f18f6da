/** What is known of somebody: entered anew, or changed. */

import { type Answer, ask } from "../../core/rest";
import { Field, type Form, Save, useForm } from "../parts/form";
import { go } from "../state";
import { t } from "./words";

export type PersonOut = Answer<"GET /v1/people/{person_id}">;

const LINES = ["name", "title", "given", "family", "preferred", "spoken", "sort", "location"] as const;
const SEVERAL = ["departments", "languages", "phones"] as const;
type Values = Record<(typeof LINES)[number] | (typeof SEVERAL)[number], string>;

/** As a form has it: several of a kind with a semicolon between. */
export function valuesOf(person?: PersonOut): Values {
  const values = {} as Values;
  for (const name of LINES) values[name] = person?.[name] ?? "";
  for (const name of SEVERAL) values[name] = (person?.[name] ?? []).join("; ");
  return values;
}

/** What the API takes; with `before` only what has changed. Pure. */
export function bodyOf(values: Values, before?: Values) {
  const body: Partial<Record<(typeof LINES)[number], string> & Record<(typeof SEVERAL)[number], string[]>> = {};
  for (const name of LINES) if (values[name] !== (before?.[name] ?? "")) body[name] = values[name].trim();
  for (const name of SEVERAL)
    if (values[name] !== (before?.[name] ?? ""))
      body[name] = values[name]
        .split(";")
        .map((one) => one.trim())
        .filter(Boolean);
  return body;
}

function Fields({ form }: { form: Form<Values> }) {
  return (
    <div class="columns">
      <Field form={form} name="name" label={t("name")} hint={t("name.hint")} required />
      <Field form={form} name="title" label={t("job")} />
      <Field form={form} name="given" label={t("given")} />
      <Field form={form} name="family" label={t("family")} />
      <Field form={form} name="preferred" label={t("preferred")} />
      <Field form={form} name="spoken" label={t("spoken")} hint={t("spoken.hint")} />
      <Field form={form} name="sort" label={t("sort")} hint={t("sort.hint")} />
      <Field form={form} name="departments" label={t("departments")} hint={t("several")} />
      <Field form={form} name="location" label={t("location")} />
      <Field form={form} name="phones" label={t("phones")} hint={t("several")} />
      <Field form={form} name="languages" label={t("languages")} hint={t("languages.hint")} />
    </div>
  );
}

export function NewPerson() {
  const form = useForm(valuesOf());
  return (
    <>
      <h1>{t("new.title")}</h1>
      <section>
        <form
          onSubmit={form.submit(
            (values, key) => ask("POST /v1/people", { body: { ...bodyOf(values), name: values.name.trim() }, key }),
            (made) => go("people", made.id),
          )}
        >
          <Fields form={form} />
          <Save form={form} label={t("new.save")} />
        </form>
      </section>
    </>
  );
}

/** `etag`: what the change was decided on; where somebody else has changed it meanwhile, that is said. */
export function EditPerson({ person, etag, saved }: { person: PersonOut; etag: string; saved: () => void }) {
  const before = valuesOf(person);
  const form = useForm(before);
  return (
    <form
      onSubmit={form.submit(
        (values) =>
          ask("PATCH /v1/people/{person_id}", {
            path: { person_id: person.id },
            body: bodyOf(values, before),
            match: etag,
          }),
        saved,
      )}
    >
      <Fields form={form} />
      <Save form={form} />
    </form>
  );
}
