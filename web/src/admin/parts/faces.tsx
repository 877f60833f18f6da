/** What stands where nothing is to be seen yet: it loads, it failed, there is nothing. */

import { Refused, Unreachable } from "../../core/rest";
import { isKey, t } from "../words";

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

/** Say an error to people, with its remedy. */
export function say(error: unknown): string {
  if (error instanceof Unreachable) return t(`error.${error.why}`);
  if (!(error instanceof Refused)) return error instanceof Error ? error.message : String(error);
  const key = `error.${error.code}`;
  if (isKey(key)) return t(key, { detail: error.problem.detail });
  return t("error.other", { detail: error.problem.detail });
}
