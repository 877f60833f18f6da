import { t } from "../../core/i18n";
import { Finder } from "../parts/finder";
import { go } from "../state";
import { addressee } from "./compose";

/** Finds anybody; a tap writes to them. */
export function Directory() {
  return (
    <main>
      <h1>{t("directory.title")}</h1>
      <Finder
        label={t("directory.search")}
        placeholder={t("compose.to.hint")}
        onChoose={(one) => {
          addressee(one);
          go("new");
        }}
      />
      <p class="quiet">{t("directory.hint")}</p>
    </main>
  );
}
