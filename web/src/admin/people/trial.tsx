/** A test of one way to somebody: a message that is marked as a test, and each hop that it has come, with its seconds. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { newId } from "../../core/bytes";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { number } from "../words";
import { t } from "./words";

type Story = Answer<"GET /v1/messages/{message_id}/trace">;
// A page without a device is told of nothing: it looks a few times, less and less often, and then when it is asked to.
const LOOKS_S = [0.5, 1, 2, 4, 8, 15];

export function Trial({ person, way }: { person: string; way: string }) {
  const message = useSignal("");
  const story = useSignal<Story | null>(null);
  const error = useSignal<unknown>(null);
  const looking = useSignal(true);
  const look = async (id: string): Promise<boolean> => {
    story.value = await ask("GET /v1/messages/{message_id}/trace", { path: { message_id: id } });
    return arrived(story.value) || Boolean(story.value.ended_at);
  };
  useEffect(() => {
    let gone = false;
    const run = async (): Promise<void> => {
      try {
        const stored = await ask("POST /v1/people/{person_id}/endpoints/{endpoint}/test", {
          path: { person_id: person, endpoint: way },
          key: newId(),
        });
        message.value = stored.message;
        for (const pause of LOOKS_S) {
          await new Promise((done) => setTimeout(done, pause * 1_000));
          if (gone || (await look(stored.message))) break;
        }
      } catch (refused) {
        error.value = refused;
      } finally {
        looking.value = false;
      }
    };
    void run();
    return () => {
      gone = true;
    };
  }, [person, way]);
  const told = story.value;
  return (
    <div class="trial">
      <h3>{t("test.title")}</h3>
      {error.value ? <Failed error={error.value} /> : null}
      {told && (
        <ol class="hops">
          {told.hops.map((hop, nth) => (
            <li key={`${hop.at} ${nth}`}>
              <span class="number">{number(hop.after_s, 2)} s</span> {hop.text}
            </li>
          ))}
        </ol>
      )}
      <p role="status">
        {told && arrived(told) ? t("test.arrived") : looking.value ? t("test.waiting") : told && t("test.not_yet")}
      </p>
      {message.value && !looking.value && (
        <div class="buttons">
          <button type="button" onClick={() => void look(message.value)}>
            {t("test.again")}
          </button>
          <a class="button" href={`#/messages/${message.value}`}>
            {t("test.trace")}
          </a>
        </div>
      )}
    </div>
  );
}

/** Whether it has come to where it was sent. Pure. */
export function arrived(story: Story): boolean {
  return story.people.some((one) => one.delivered_s !== undefined && one.delivered_s !== null);
}
