/** The list of keys, and the bar at the foot that shows the most needed ones. */

import { t as common } from "../../core/i18n";
import { theme } from "../../core/look";
import { ChooseLanguage, ChooseTheme } from "../../ui/choose";
import { dial } from "../dial";
import { prefer } from "../state";
import type { Key } from "../words";
import { t } from "../words";

const KEYS: readonly [string, Key][] = [
  ["Ctrl+K, Esc", "keys.search"],
  ["Enter", "keys.page"],
  ["Ctrl+Enter", "keys.send"],
  ["↑ ↓", "keys.move"],
  ["F2", "keys.code"],
  ["F4", "keys.call"],
  ["F7", "running.clear"],
  ["F8", "keys.oncall"],
  ["F9", "keys.log"],
  ["Ctrl+R", "keys.resend"],
  ["Alt+A", "keys.alarms"],
  ["↑ ↓, j k, Enter, C", "keys.inalarms"],
  ["Alt+H", "desk.title"],
  ["Alt+P", "paper.title"],
  ["Alt+1…9", "keys.dial"],
  ["Alt+Shift+1…9", "keys.setdial"],
  ["Ctrl+.", "keys.next"],
  ["?", "keys.map"],
];

export function openKeys(): void {
  const dialog = document.getElementById("keys");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function KeyMap() {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">{t("keys.title")}</h2>
      <dl class="keymap">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
        {Object.entries(dial.value).map(([n, entry]) => (
          <div key={n}>
            <dt>
              <kbd>Alt+{n}</kbd>
            </dt>
            <dd>
              <bdi>{entry.name}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <div class="row">
        <ChooseLanguage label={common("choose.language")} onChange={(language) => prefer({ language })} />
        <ChooseTheme
          label={common("choose.theme")}
          value={theme.value}
          word={(one) => common(`theme.${one}`)}
          onChange={(theme) => prefer({ theme })}
        />
      </div>
      <form method="dialog">
        <button type="submit" class="first">
          {t("keys.close")}
        </button>
      </form>
    </dialog>
  );
}

export function KeyBar({ keys }: { keys: readonly { key: string; label: Key; run: () => void }[] }) {
  return (
    <nav class="keybar" aria-label={t("keys.bar")}>
      {keys.map(({ key, label, run }) => (
        <button type="button" key={key} onClick={run}>
          <kbd>{key}</kbd> {t(label)}
        </button>
      ))}
    </nav>
  );
}
