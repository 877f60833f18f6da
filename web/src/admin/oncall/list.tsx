/** What the calendar draws, as a list: each stretch a button, however short its bar is there. */

import { type Row, sayStretch } from "./timeline";
import { t } from "./words";

export function AsList({ rows, zone }: { rows: readonly Row[]; zone: string }) {
  return (
    <details>
      <summary>{t("list")}</summary>
      {rows.map((row) => {
        const shown = row.stretches.filter((one) => one.person || !row.partly);
        return (
          shown.length > 0 && (
            <section key={row.key}>
              <h3>{row.label}</h3>
              <ul class="plain">
                {shown.map((one) => (
                  <li key={`${one.starts_at} ${one.source}`}>
                    <button type="button" onClick={() => row.onPick?.(one)}>
                      {sayStretch(one, zone)}
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )
        );
      })}
    </details>
  );
}
