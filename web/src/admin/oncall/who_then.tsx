/** Whom a page would reach that came at some time. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { instantOf, wallOf } from "../who/wall";
import { sayRule } from "./index";
import { t } from "./words";

export function AtATime({ id, zone }: { id: string; zone: string }) {
  const wall = useSignal(wallOf(Date.now(), zone));
  const found = useSignal<Answer<"GET /v1/roles/{role_id}/oncall"> | null>(null);
  const error = useSignal<unknown>(null);
  const look = async (): Promise<void> => {
    error.value = null;
    try {
      const at = new Date(instantOf(wall.value, zone)).toISOString();
      found.value = await ask("GET /v1/roles/{role_id}/oncall", { path: { role_id: id }, query: { at } });
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <section>
      <h2>{t("then.title")}</h2>
      <form
        class="filter"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <label for="then-at">{t("then.at", { zone })}</label>
        <input
          id="then-at"
          type="datetime-local"
          required
          value={wall.value}
          onInput={(event) => {
            wall.value = event.currentTarget.value;
          }}
        />
        <button type="submit">{t("then.look")}</button>
      </form>
      {error.value ? <Failed error={error.value} /> : null}
      <p role="status">
        {found.value &&
          (found.value.holders.length
            ? found.value.holders.map((one) => `${one.name} (${sayRule(one.rule)})`).join(", ")
            : t("then.nobody"))}
      </p>
    </section>
  );
}
