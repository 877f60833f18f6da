/** Why a list is not what the site has now: nothing has come yet, nobody answers, or it was refused. */

import type { Face } from "../state";
import { t } from "../words";

interface Wishes {
  face: Face;
  /** What it means that nobody answers. */
  away: string;
  why: string;
  again: () => unknown;
}

export function Stands({ face, away, why, again }: Wishes) {
  if (face === "loading") return <p role="status">{t("loading")}</p>;
  if (face === "away") return <p class="warn">{away}</p>;
  if (face === "fresh") return null;
  return (
    <p class="bad" role="alert">
      {why}{" "}
      <button type="button" onClick={() => void again()}>
        {t("again")}
      </button>
    </p>
  );
}
