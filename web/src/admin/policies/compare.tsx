/** What holds and what is drafted, rung beside rung. */

import { diffRest, diffSteps, type PolicyText, sayStep } from "./ladder";
import { t } from "./words";

export function Compare({ before, after }: { before: PolicyText; after: PolicyText }) {
  const rungs = diffSteps(before.steps, after.steps);
  const rest = diffRest(before, after);
  if (rungs.every(({ how }) => how === "same") && rest.length === 0) return <p>{t("compare.same")}</p>;
  return (
    <div class="tablepart">
      <table>
        <caption>{t("compare.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("compare.how")}</th>
            <th scope="col">{t("compare.before")}</th>
            <th scope="col">{t("compare.after")}</th>
          </tr>
        </thead>
        <tbody>
          {rungs.map(({ how, was, is, before: old, after: now }) => (
            <tr key={`${was ?? "-"} ${is ?? "-"}`} class={`rung-${how}`}>
              <td data-label={t("compare.how")}>{t(`rung.${how}`)}</td>
              <td data-label={t("compare.before")}>{old && <>{`${was}. ${sayStep(old)}`}</>}</td>
              <td data-label={t("compare.after")}>{now && <>{`${is}. ${sayStep(now)}`}</>}</td>
            </tr>
          ))}
          {rest.map((one) => (
            <tr key={one.what} class="rung-changed">
              <td data-label={t("compare.how")}>{t(`other.${one.what}`)}</td>
              <td data-label={t("compare.before")}>{one.before}</td>
              <td data-label={t("compare.after")}>{one.after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
