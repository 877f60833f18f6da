/** Ctrl+K: go to a section by a few letters, or to the way of a message by its id. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Dialog } from "./parts/dialog";
import type { Section } from "./sections";
import { go } from "./state";
import { t } from "./words";

export function Palette({ sections }: { sections: Section[] }) {
  const shown = useSignal(false);
  const typed = useSignal("");
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if (event.key !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      typed.value = "";
      shown.value = true;
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, [shown, typed]);
  const wanted = typed.value.trim().toLowerCase();
  const found = sections.filter(({ label }) => t(label).toLowerCase().includes(wanted));
  const take = (): void => {
    if (wanted.startsWith("msg_")) go("messages", wanted);
    else if (found[0]) go(found[0].name);
    shown.value = false;
  };
  return (
    <Dialog open={shown.value} title={t("palette.title")} onClose={() => (shown.value = false)} onSubmit={take}>
      <label for="palette">{t("palette.label")}</label>
      <input
        id="palette"
        value={typed.value}
        autocomplete="off"
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
      <ul class="plain">
        {found.map(({ name, label }) => (
          <li key={name}>
            <a href={`#/${name}`} onClick={() => (shown.value = false)}>
              {t(label)}
            </a>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
