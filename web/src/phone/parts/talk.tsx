/** What was said about a message, as a conversation, and a field that says more. It never stands for an answer. */

import { useSignal } from "@preact/signals";
import type { Row } from "../../core/device/rows";
import { priorityOf } from "../../core/device/rows";
import { t, time } from "../../core/i18n";
import { client, rows } from "../state";
import { line, sender } from "./item";

const TEXT_MAX = 1_000;

/** Whom a reply goes to: the person who sent it, or those who got it; nobody where a system did. */
function partners(row: Row): string[] {
  if (row.sent) return Object.keys(row.others);
  return row.message?.sender.person ? [row.message.sender.person] : [];
}

export function Talk({ row }: { row: Row }) {
  const text = useSignal("");
  const failed = useSignal("");
  const thread = row.message?.thread;
  const said = rows.value
    .filter((one) => one.message?.thread === thread && one.id !== row.id && one.message?.kind === "chat")
    .sort((one, other) => one.at - other.at);
  const waiting = client.value?.kept.outbox.value.filter(
    (one) => one.kind === "send" && (JSON.parse(one.body) as { reply_to?: string }).reply_to === row.id,
  );
  const to = partners(row);
  if (to.length === 0 && said.length === 0) return null;
  const reply = async (): Promise<void> => {
    const words = text.value.trim();
    if (!words) return;
    const frame = {
      to,
      kind: "chat",
      priority: priorityOf(row) === "low" ? "low" : "medium",
      text: words,
      reply_to: row.id,
    };
    try {
      await client.value?.say("send", frame, row.sent ? Object.values(row.names).join(", ") : sender(row));
      text.value = failed.value = "";
    } catch {
      failed.value = t("error.storage");
    }
  };
  return (
    <section>
      <h2>{t("talk.title")}</h2>
      <ol class="talk">
        {said.map((one) => (
          <li key={one.id} class={one.sent ? "mine" : ""}>
            <p class="quiet">
              <bdi>{one.sent ? t("talk.you") : sender(one)}</bdi> <time>{time(one.at)}</time>
            </p>
            <p>
              <bdi>{line(one)}</bdi>
            </p>
          </li>
        ))}
        {waiting?.map((one) => (
          <li key={one.id} class="mine">
            <p class="waiting">{t("sent.waiting")}</p>
            <p>
              <bdi>{(JSON.parse(one.body) as { text: string }).text}</bdi>
            </p>
          </li>
        ))}
      </ol>
      {to.length > 0 && (
        <form
          class="reply"
          onSubmit={(event) => {
            event.preventDefault();
            void reply();
          }}
        >
          <label>
            {t("talk.write")}
            <input
              autoComplete="off"
              maxLength={TEXT_MAX}
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
          </label>
          {failed.value && (
            <p class="trouble" role="alert">
              {failed.value}
            </p>
          )}
          <button type="submit" disabled={!text.value.trim()}>
            {t("talk.send")}
          </button>
        </form>
      )}
    </section>
  );
}
