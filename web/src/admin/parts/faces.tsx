/** What stands where nothing is to be seen yet: it loads, it failed, there is nothing. */

import { sayRefused as say } from "../../core/i18n/refused";
import { t } from "../words";

export { say };

export function Loading() {
  return (
    <p class="face" role="status">
      {t("face.loading")}
    </p>
  );
}

export function Empty({ children }: { children: string }) {
  return <p class="face">{children}</p>;
}

/** Why something did not work, what to do about it, and a way to try it once more. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p>{say(error)}</p>
      {again && (
        <button type="button" onClick={again}>
          {t("face.again")}
        </button>
      )}
    </div>
  );
}
