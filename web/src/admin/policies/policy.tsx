/** A policy as it holds: its ladder, what it would do, its versions, and the way to change it. */

import { useSignal } from "@preact/signals";
import { newId } from "../../core/bytes";
import { type Answer, ask } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { go, may } from "../state";
import { useNames } from "../who/names";
import { t as common } from "../who/words";
import { span, time } from "../words";
import { type PolicyText, sayStep } from "./ladder";
import { Played } from "./played";
import { sayRefused } from "./refused";
import { SceneForm } from "./scene";
import { t } from "./words";

type Version = Answer<"GET /v1/policies/{policy_id}/versions">["data"][number];

export function Policy({ id }: { id: string }) {
  const path = { policy_id: id };
  const load = useLoad(
    async (signal) => {
      const [policy, versions] = await Promise.all([
        ask("GET /v1/policies/{policy_id}", { path, signal }),
        ask("GET /v1/policies/{policy_id}/versions", { path, signal }),
      ]);
      return { policy, versions: versions.data };
    },
    [id],
  );
  return (
    <Shown load={load} bare>
      {({ policy, versions }) => <Page policy={policy} versions={versions} again={load.again} />}
    </Shown>
  );
}

function Page({ policy, versions, again }: { policy: PolicyText; versions: readonly Version[]; again: () => void }) {
  const path = { policy_id: policy.id };
  const error = useSignal<unknown>(null);
  const seen = useSignal<Answer<"POST /v1/policies/{policy_id}/simulate"> | null>(null);
  const begin = async (): Promise<void> => {
    try {
      const draft = await ask("POST /v1/policy-drafts", { body: { policy: policy.id }, key: newId() });
      go("policies", draft.id);
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <>
      <h1>
        <bdi>{policy.name}</bdi>
      </h1>
      {policy.disabled && (
        <p>
          <strong>{common("disabled")}</strong>
        </p>
      )}
      <section>
        <h2>{t("ladder.title")}</h2>
        <Ladder policy={policy} />
        {(policy.units ?? []).length > 0 && <p>{t("used_by", { units: (policy.units ?? []).join(", ") })}</p>}
        {may("policy.write") && (
          <div class="buttons">
            <button type="button" class="first" onClick={() => void begin()}>
              {t("draft.begin")}
            </button>
          </div>
        )}
        {error.value ? <Failed error={error.value} /> : null}
      </section>
      {may("policy.write") && (
        <section>
          <h2>{t("scene.title")}</h2>
          <SceneForm
            play={async (scene) => {
              seen.value = await ask("POST /v1/policies/{policy_id}/simulate", { path, body: scene });
            }}
          />
          {seen.value && <Played played={seen.value} />}
        </section>
      )}
      <Versions policy={policy} versions={versions} again={again} />
    </>
  );
}

/** Its steps from the first rung to the end, which is never empty. */
export function Ladder({ policy }: { policy: PolicyText }) {
  return (
    <>
      <ol class="ladder">
        {policy.steps.map((step, nth) => (
          // Two steps may say the same: their place is what they are.
          <li key={`${nth} ${step.targets.join()}`}>{sayStep(step)}.</li>
        ))}
        <li class="ladder-end">{policy.loops ? t("end.loops", { n: policy.loops }) : t("end.desk")}</li>
      </ol>
      <p class="quiet">
        {policy.still_active_s === null
          ? t("still.never")
          : t("still.after", { span: span(policy.still_active_s * 1_000), wait: span(policy.ask_wait_s * 1_000) })}
      </p>
    </>
  );
}

function Versions({
  policy,
  versions,
  again,
}: {
  policy: PolicyText;
  versions: readonly Version[];
  again: () => void;
}) {
  const back = useSignal<Version | null>(null);
  const error = useSignal<unknown>(null);
  const roll = async (to: number): Promise<void> => {
    error.value = null;
    try {
      await ask("POST /v1/policies/{policy_id}/rollback", { path: { policy_id: policy.id }, body: { to } });
      back.value = null;
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  const newest = versions.at(-1)?.number;
  const named = useNames(versions.flatMap(({ author, approver }) => [author, approver ?? ""]));
  return (
    <section>
      <h2>{t("versions.title")}</h2>
      <ol class="plain versions">
        {[...versions].reverse().map((one) => (
          <li key={one.number}>
            <strong>{t("version", { n: one.number })}</strong>{" "}
            <span class="quiet">
              {[
                time(one.made_at, false),
                named(one.author),
                one.approver && t("approved_by", { name: named(one.approver) }),
                one.note,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
            {one.changes.length > 0 && (
              <ul>
                {one.changes.map((change) => (
                  <li key={`${change.what} ${change.before} ${change.after}`}>
                    {change.what}: {change.before && <del>{change.before}</del>}{" "}
                    {change.after && <ins>{change.after}</ins>}
                  </li>
                ))}
              </ul>
            )}
            {may("policy.write") && one.number !== newest && (
              <button
                type="button"
                onClick={() => {
                  back.value = one;
                }}
              >
                {t("back_to", { n: one.number })}
              </button>
            )}
          </li>
        ))}
      </ol>
      <Dialog
        open={back.value !== null}
        title={t("back_to", { n: back.value?.number ?? 0 })}
        onClose={() => (back.value = null)}
      >
        {back.value && <Ladder policy={back.value.text} />}
        <p>{t("snapshot")}</p>
        {error.value ? (
          <p class="trouble" role="alert">
            {sayRefused(error.value)}
          </p>
        ) : null}
        <div class="buttons">
          <button type="button" class="first" onClick={() => void roll(back.value?.number ?? 0)}>
            {t("back_now")}
          </button>
          <button type="submit">{common("cancel")}</button>
        </div>
      </Dialog>
    </section>
  );
}
