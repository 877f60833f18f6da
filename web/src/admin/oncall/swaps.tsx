/** Swaps of a role that are open or agreed on, answered for somebody who has said so by telephone. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Table } from "../parts/table";
import { useNames } from "../who/names";
import { type Line, sayTimes } from "./timeline";
import { t } from "./words";

export function Swaps({ line, zone, again }: { line: Line; zone: string; again: () => void }) {
  const nameOf = useNames(line.swaps.flatMap((one) => [one.giver, one.taker]));
  const error = useSignal<unknown>(null);
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    error.value = null;
    try {
      await work();
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  const answer = (swap: Line["swaps"][number], accept: boolean): void =>
    void attempt(() =>
      ask("POST /v1/swaps/{swap_id}/answer", { path: { swap_id: swap.id }, body: { accept, person: swap.taker } }),
    );
  return (
    <section>
      <h2>{t("swaps.title")}</h2>
      {error.value ? <Failed error={error.value} /> : null}
      <Table
        caption={t("swaps.title")}
        rows={line.swaps}
        keyOf={(one) => one.id}
        empty={t("swaps.none")}
        columns={[
          {
            key: "who",
            head: t("who"),
            cell: (one) => t("swaps.who", { giver: nameOf(one.giver), taker: nameOf(one.taker) }),
          },
          { key: "when", head: t("when"), cell: (one) => sayTimes(one, zone) },
          { key: "state", head: t("state"), cell: (one) => t(`swap.${one.state as "offered"}`) },
          {
            key: "do",
            head: t("actions"),
            cell: (one) =>
              one.state === "offered" && (
                <div class="buttons tight">
                  <button type="button" onClick={() => answer(one, true)}>
                    {t("swap.yes", { name: nameOf(one.taker) })}
                  </button>
                  <button type="button" onClick={() => answer(one, false)}>
                    {t("swap.no", { name: nameOf(one.taker) })}
                  </button>
                  <button
                    type="button"
                    onClick={() =>
                      void attempt(() => ask("DELETE /v1/swaps/{swap_id}", { path: { swap_id: one.id } }))
                    }
                  >
                    {t("swap.withdraw")}
                  </button>
                </div>
              ),
          },
        ]}
      />
    </section>
  );
}
