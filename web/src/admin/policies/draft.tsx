/** A draft: written rung by rung, checked, played, held against what holds, then published. Nobody is called by it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Answer, ask, askTagged } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Labelled } from "../parts/labelled";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { go, keepUnsaved, may } from "../state";
import { t as common } from "../who/words";
import { Compare } from "./compare";
import type { PolicyText, Step } from "./ladder";
import { Played } from "./played";
import { faultOf, sayRefused } from "./refused";
import { Rungs } from "./rungs";
import { type Scene, SceneForm } from "./scene";
import { t } from "./words";

type DraftOut = Answer<"GET /v1/policy-drafts/{draft_id}">;

export function Draft({ id }: { id: string }) {
  const load = useLoad(
    async (signal) => {
      const draft = await askTagged("GET /v1/policy-drafts/{draft_id}", { path: { draft_id: id }, signal });
      return { ...draft, before: await published(draft.answer.policy) };
    },
    [id],
  );
  return (
    <Shown load={load} bare>
      {({ answer, etag, before }) => (
        <Editor key={etag} draft={answer} etag={etag} before={before} again={load.again} />
      )}
    </Shown>
  );
}

/** The policy as it holds; null = there is none yet. */
async function published(policy: string): Promise<PolicyText | null> {
  try {
    return await ask("GET /v1/policies/{policy_id}", { path: { policy_id: policy } });
  } catch {
    return null;
  }
}

interface Shape {
  name: string;
  note: string;
  steps: Step[];
  loops: number;
  still_active_s: number | null;
  ask_wait_s: number;
}

function shapeOf({ text, note }: DraftOut): Shape {
  const { name, steps, loops, still_active_s, ask_wait_s } = text;
  return { name, note, steps, loops, still_active_s, ask_wait_s };
}

function Editor({
  draft,
  etag,
  before,
  again,
}: {
  draft: DraftOut;
  etag: string;
  before: PolicyText | null;
  again: () => void;
}) {
  const saved = shapeOf(draft);
  const shape = useSignal(saved);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const publishing = useSignal(false);
  const own = useRef(Symbol("draft"));
  const path = { draft_id: draft.id };
  const dirty = JSON.stringify(shape.value) !== JSON.stringify(saved);
  useEffect(() => {
    keepUnsaved(own.current, dirty);
    return () => keepUnsaved(own.current, false);
  }, [dirty]);
  const set = (part: Partial<Shape>): void => {
    shape.value = { ...shape.value, ...part };
  };
  const attempt = async (work: () => Promise<unknown>, done: () => void): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      await work();
      keepUnsaved(own.current, false);
      done();
    } catch (refused) {
      error.value = refused;
    } finally {
      busy.value = false;
    }
  };
  const { name, note, steps, loops, still_active_s, ask_wait_s } = shape.value;
  const asked = { ...draft.text, name, steps, loops, still_active_s, ask_wait_s };
  return (
    <>
      <h1>
        {t("draft.of")} <bdi>{draft.text.name}</bdi>
      </h1>
      <p>{t("draft.about")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(
            () => ask("PATCH /v1/policy-drafts/{draft_id}", { path, body: shape.value, match: etag }),
            again,
          );
        }}
      >
        <section>
          <h2>{t("ladder.title")}</h2>
          <div class="columns">
            <Labelled label={t("name")} required value={name} onChange={(typed) => set({ name: typed })} />
            <Labelled
              label={t("note")}
              hint={t("note.hint")}
              value={note}
              onChange={(typed) => set({ note: typed })}
            />
          </div>
          <Rungs
            steps={steps}
            change={(after) => set({ steps: after })}
            fault={(nth) => faultOf(error.value, `/steps/${nth}`)}
          />
          <h3>{t("after.title")}</h3>
          <div class="columns">
            <Labelled
              label={t("loops")}
              type="number"
              min={0}
              max={20}
              value={loops}
              onChange={(typed) => set({ loops: Number(typed) })}
            />
            <Labelled
              label={t("still.label")}
              hint={t("still.hint")}
              type="number"
              min={1}
              value={still_active_s ?? ""}
              onChange={(typed) => set({ still_active_s: typed ? Number(typed) : null })}
            />
            <Labelled
              label={t("ask.label")}
              type="number"
              min={1}
              value={ask_wait_s}
              onChange={(typed) => set({ ask_wait_s: Number(typed) })}
            />
          </div>
          {error.value ? (
            <p class="trouble" role="alert">
              {sayRefused(error.value)}
            </p>
          ) : null}
          <div class="buttons">
            <button type="submit" class={dirty ? "first" : ""} disabled={busy.value || !dirty}>
              {t("draft.check")}
            </button>
            <span class="quiet">{dirty ? t("draft.unsaved") : t("draft.checked")}</span>
          </div>
        </section>
      </form>
      <section>
        <h2>{t("scene.title")}</h2>
        {dirty ? (
          <p class="quiet">{t("draft.check_first")}</p>
        ) : (
          <SceneForm
            play={async (scene: Scene) => {
              await ask("POST /v1/policy-drafts/{draft_id}/simulate", { path, body: scene, match: etag });
              again();
            }}
          />
        )}
        {draft.simulations.map((one) => (
          <Played key={`${one.at} ${one.place} ${one.priority} ${one.to.join()}`} played={one} />
        ))}
      </section>
      <section>
        <h2>{t("compare.title")}</h2>
        {before ? <Compare before={before} after={asked} /> : <p>{t("compare.new")}</p>}
      </section>
      <section>
        <h2>{t("publish.title")}</h2>
        <ul>
          <li>{draft.simulated && !dirty ? t("publish.simulated") : t("publish.not_simulated")}</li>
          {draft.approved && <li>{t("approved_by", { name: draft.approver })}</li>}
          {draft.simulations.some((one) => one.unreachable_end) && (
            <li>
              <strong>{t("played.unreachable")}</strong>
            </li>
          )}
          <li>{t("snapshot")}</li>
        </ul>
        {may("policy.write") && (
          <div class="buttons">
            <button
              type="button"
              class={draft.simulated && !dirty ? "first" : ""}
              disabled={busy.value || dirty}
              onClick={() => {
                error.value = null;
                publishing.value = true;
              }}
            >
              {t("publish")}
            </button>
            <button
              type="button"
              disabled={busy.value || dirty}
              onClick={() =>
                void attempt(() => ask("POST /v1/policy-drafts/{draft_id}/approve", { path, match: etag }), again)
              }
            >
              {t("approve")}
            </button>
            <button
              type="button"
              class="danger"
              disabled={busy.value}
              onClick={() =>
                void attempt(
                  () => ask("DELETE /v1/policy-drafts/{draft_id}", { path, match: etag }),
                  () => go("policies"),
                )
              }
            >
              {t("drop")}
            </button>
          </div>
        )}
      </section>
      <Dialog open={publishing.value} title={t("publish.sure", { name })} onClose={() => (publishing.value = false)}>
        {before ? <Compare before={before} after={asked} /> : <p>{t("compare.new")}</p>}
        <p>{t("snapshot")}</p>
        {error.value ? (
          <p class="trouble" role="alert">
            {sayRefused(error.value)}
          </p>
        ) : null}
        <div class="buttons">
          <button
            type="button"
            class="first"
            disabled={busy.value}
            onClick={() =>
              void attempt(
                () => ask("POST /v1/policy-drafts/{draft_id}/publish", { path, match: etag }),
                () => go("policies", draft.policy),
              )
            }
          >
            {t("publish.now")}
          </button>
          <button type="submit">{common("cancel")}</button>
        </div>
      </Dialog>
    </>
  );
}
