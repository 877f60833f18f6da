/**
 * A form: what is typed is kept until it is saved, what the server refuses stands beside its field, and nobody leaves
 * with something unsaved without being asked.
 *
 *     const form = useForm({ name: person.name });
 *     <form onSubmit={form.submit((values) => ask("PATCH …", { …, body: values }), saved)}>
 *       <Field form={form} name="name" label={t("people.name")} />
 *       <Save form={form} />
 *     </form>
 */

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { newId } from "../../core/bytes";
import { Refused } from "../../core/rest";
import { keepUnsaved } from "../state";
import { t } from "../words";
import { say } from "./faces";

export interface Form<Values extends Record<string, unknown>> {
  values: Signal<Values>;
  error: Signal<unknown>;
  busy: Signal<boolean>;
  dirty: boolean;
  set: <Name extends keyof Values>(name: Name, value: Values[Name]) => void;
  /** Begin anew with these, as saved. */
  reset: (values: Values) => void;
  /** What is wrong with a field, said by the server. */
  fault: (name: string) => string;
  /**
   * Hand in what was typed; `key` is the same for each repeat of one content, so nothing is made twice.
   * `done` is called when it is saved.
   */
  submit: <T>(save: (values: Values, key: string) => Promise<T>, done?: (saved: T) => void) => (event: Event) => void;
}

/** With `guard` false nothing is lost with it: a form that only asks. */
export function useForm<Values extends Record<string, unknown>>(initial: Values, guard = true): Form<Values> {
  const values = useSignal(initial);
  const saved = useSignal(initial);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const own = useRef(Symbol("form"));
  const key = useRef<{ key: string; of: string } | null>(null);
  const dirty = guard && JSON.stringify(values.value) !== JSON.stringify(saved.value);
  useEffect(() => {
    keepUnsaved(own.current, dirty);
    return () => keepUnsaved(own.current, false);
  }, [dirty]);
  const reset = (fresh: Values): void => {
    values.value = fresh;
    saved.value = fresh;
    error.value = null;
    key.current = null;
  };
  return {
    values,
    error,
    busy,
    dirty,
    reset,
    set: (name, value) => {
      values.value = { ...values.peek(), [name]: value };
    },
    fault: (name) => (error.value instanceof Refused ? error.value.fault(`/${name}`) : ""),
    submit: (save, done) => (event) => {
      event.preventDefault();
      if (busy.peek()) return;
      const handed = values.peek();
      const written = JSON.stringify(handed);
      if (key.current?.of !== written) key.current = { key: newId(), of: written };
      busy.value = true;
      error.value = null;
      save(handed, key.current.key)
        .then(
          (answer) => {
            saved.value = handed;
            key.current = null;
            keepUnsaved(own.current, false);
            done?.(answer);
          },
          (refused: unknown) => {
            error.value = refused;
            const form = event.target as HTMLFormElement;
            setTimeout(() => form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
          },
        )
        .finally(() => {
          busy.value = false;
        });
    },
  };
}

interface FieldProps<Values extends Record<string, unknown>> {
  form: Form<Values>;
  name: keyof Values & string;
  label: string;
  hint?: string;
  /** With `options` it is a <select> whatever this says. */
  type?:
    | "text"
    | "number"
    | "password"
    | "email"
    | "url"
    | "date"
    | "time"
    | "datetime-local"
    | "textarea"
    | "checkbox";
  options?: readonly (readonly [value: string, label: string])[];
  required?: boolean;
  rows?: number;
  autocomplete?: string;
}

/** A field with its label, its hint, and what the server says is wrong with it. */
export function Field<Values extends Record<string, unknown>>(props: FieldProps<Values>) {
  const { form, name, label, hint, type = "text", options, required, rows } = props;
  const id = useId();
  const fault = form.fault(name);
  const common = {
    id,
    name,
    required: required ?? false,
    autocomplete: props.autocomplete ?? "off",
    "aria-invalid": fault ? ("true" as const) : undefined,
    "aria-describedby": [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ") || undefined,
  };
  const value = form.values.value[name];
  const take = (event: { currentTarget: { value: string } }): void => {
    const typed = event.currentTarget.value;
    form.set(name, (typeof value === "number" ? Number(typed) : typed) as Values[typeof name]);
  };
  let control: ComponentChildren;
  if (type === "checkbox")
    return (
      <p class="field check">
        <input
          {...common}
          type="checkbox"
          checked={Boolean(value)}
          onChange={(event) => form.set(name, event.currentTarget.checked as Values[typeof name])}
        />
        <label for={id}>{label}</label>
        <About id={id} hint={hint} fault={fault} />
      </p>
    );
  if (options)
    control = (
      <select {...common} value={String(value)} onChange={take}>
        {options.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    );
  else if (type === "textarea")
    control = <textarea {...common} rows={rows ?? 6} value={String(value)} onInput={take} spellcheck={false} />;
  else control = <input {...common} type={type as "text"} value={String(value)} onInput={take} />;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control}
      <About id={id} hint={hint} fault={fault} />
    </div>
  );
}

function About({ id, hint, fault }: { id: string; hint: string | undefined; fault: string }) {
  return (
    <>
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault && (
        <span class="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </>
  );
}

/** The button that saves, what was refused as a whole, and whether something is not saved. */
export function Save<Values extends Record<string, unknown>>({
  form,
  label,
}: {
  form: Form<Values>;
  label?: string;
}) {
  const error = form.error.value;
  return (
    <div class="save">
      {error ? (
        <p class="trouble" role="alert">
          {say(error)}
        </p>
      ) : null}
      <button type="submit" class="first" disabled={form.busy.value}>
        {label ?? t("form.save")}
      </button>
      {form.dirty && <span class="quiet">{t("form.unsaved")}</span>}
    </div>
  );
}
