import { pane } from "../state";
import { t } from "../words";
import { focusOmnibox } from "./omnibox";

/** Put the form away. */
export function leave(): void {
  pane.value = "detail";
  focusOmnibox();
}

/** Under a form: what Ctrl+Enter does, and away from it. */
export function Acts({ label }: { label: string }) {
  return (
    <p class="acts">
      <button type="submit" class="first">
        <kbd>Ctrl+Enter</kbd> {label}
      </button>
      <button type="button" onClick={leave}>
        {t("act.close")}
      </button>
    </p>
  );
}
