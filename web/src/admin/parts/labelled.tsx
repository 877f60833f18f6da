/** A field with its label and hint, whose value is its owner's: where a form keeps more than what stands in its fields. */

import { useId } from "preact/hooks";

interface Wishes {
  label: string;
  hint?: string;
  value: string | number;
  type?: "text" | "number" | "date" | "time" | "datetime-local";
  /** Makes it a choice. */
  options?: readonly (readonly [value: string | number, words: string])[];
  required?: boolean;
  min?: number;
  max?: number;
  placeholder?: string;
  onChange: (typed: string) => void;
}

export function Labelled({ label, hint, value, type = "text", options, onChange, ...rest }: Wishes) {
  const id = useId();
  const common = { id, value: String(value), "aria-describedby": hint ? `${id}-hint` : undefined };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {options ? (
        <select {...common} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      ) : (
        <input {...common} {...rest} type={type as "text"} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}
