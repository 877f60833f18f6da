/** An alert that is imagined, to see what would happen: made up, or after one that was. */

import { useSignal } from "@preact/signals";
import { ask } from "../../core/rest";
import { Labelled } from "../parts/labelled";
import { type Choice, Chooser, Finder } from "../who/finder";
import { wallOf } from "../who/wall";
import { t as common } from "../who/words";
import { sayRefused } from "./refused";
import { t } from "./words";

export interface Scene {
  at: string;
  place: string;
  priority: "code" | "high" | "medium" | "low";
  to: string[];
}

const PRIORITIES = ["code", "high", "medium", "low"] as const;
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function SceneForm({ play }: { play: (scene: Scene) => Promise<void> }) {
  const at = useSignal(wallOf(Date.now(), here));
  const where = useSignal<Choice | null>(null);
  const priority = useSignal<Scene["priority"]>("high");
  const to = useSignal<Choice[]>([]);
  const past = useSignal("");
  const said = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    busy.value = true;
    error.value = null;
    try {
      await work();
    } catch (refused) {
      error.value = refused;
    } finally {
      busy.value = false;
    }
  };
  /** Take time, priority and place of a message that there was. */
  const take = async (): Promise<void> => {
    const path = { message_id: past.value.trim() };
    const story = await ask("GET /v1/messages/{message_id}/trace", { path });
    at.value = wallOf(story.stored_at, here);
    priority.value = story.priority as Scene["priority"];
    where.value = await placeOf(path.message_id);
    said.value = where.value ? t("past.taken") : t("past.no_place");
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(() =>
          play({
            at: new Date(at.value).toISOString(),
            place: where.value?.id ?? "",
            priority: priority.value,
            to: to.value.map((one) => one.id),
          }),
        );
      }}
    >
      <div class="columns">
        <Labelled
          label={t("scene.at")}
          hint={t("scene.at.hint", { zone: here })}
          type="datetime-local"
          required
          value={at.value}
          onChange={(typed) => {
            at.value = typed;
          }}
        />
        <Labelled
          label={t("scene.priority")}
          value={priority.value}
          options={PRIORITIES.map((one) => [one, t(`priority.${one}`)] as const)}
          onChange={(chosen) => {
            priority.value = chosen as Scene["priority"];
          }}
        />
        <Chooser
          label={t("scene.place")}
          kinds={["place"]}
          chosen={where.value}
          onChange={(one) => {
            // As people write it, so that what was played says where in words.
            where.value = one && { id: one.title ? `${one.title}:${one.name}` : one.id, name: one.name };
          }}
        />
      </div>
      <details>
        <summary>{t("scene.more")}</summary>
        <ul class="plain">
          {to.value.map((one) => (
            <li key={one.id} class="chosen">
              <bdi>{one.name}</bdi>
              <button
                type="button"
                onClick={() => {
                  to.value = to.value.filter((other) => other !== one);
                }}
              >
                {common("remove")}
                <span class="hidden"> {one.name}</span>
              </button>
            </li>
          ))}
        </ul>
        <Finder
          label={t("scene.to")}
          kinds={["person", "role", "group"]}
          onPick={(one) => {
            to.value = [...to.value, one];
          }}
        />
        <Labelled
          label={t("past.label")}
          placeholder="msg_…"
          value={past.value}
          onChange={(typed) => {
            past.value = typed;
          }}
        />
        <div class="buttons">
          <button type="button" disabled={!past.value.trim() || busy.value} onClick={() => void attempt(take)}>
            {t("past.take")}
          </button>
          <span role="status">{said.value}</span>
        </div>
      </details>
      {error.value ? (
        <p class="trouble" role="alert">
          {sayRefused(error.value)}
        </p>
      ) : null}
      <div class="buttons">
        <button type="submit" disabled={busy.value}>
          {t("scene.play")}
        </button>
        <span class="quiet">{t("scene.about")}</span>
      </div>
    </form>
  );
}

/** Where the alert of a message was, as far as one may know it; null = it is not known. */
async function placeOf(message: string): Promise<Choice | null> {
  try {
    const alert = await ask("GET /v1/messages/{message_id}/escalation", { path: { message_id: message } });
    if (alert.bed) return { id: `bed:${alert.bed}`, name: alert.bed };
    return alert.unit ? { id: `unit:${alert.unit}`, name: alert.unit } : null;
  } catch {
    return null;
  }
}
