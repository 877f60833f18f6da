/** One message: what it says, the answers, and how its delivery went, step by step. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { priorityOf, type Row } from "../../core/device/rows";
import { t, time } from "../../core/i18n";
import { Answers, Call } from "../parts/answers";
import { line, Progress, recipients, sender } from "../parts/item";
import { Tag } from "../parts/tag";
import { client, go } from "../state";

/** A message counts as read when it was on the screen for so long. */
const READ_MS = 1_000;

export function Message({ id }: { id: string }) {
  const row = client.value?.kept.rows.value.get(id);
  useEffect(() => {
    const timer = setInterval(() => {
      const current = client.peek()?.kept.rows.peek().get(id);
      if (document.visibilityState !== "visible" || !current?.message) return;
      clearInterval(timer);
      void client.peek()?.read(current);
    }, READ_MS);
    return () => clearInterval(timer);
  }, [id]);
  return (
    <main>
      <button type="button" class="back" onClick={() => go("inbox")}>
        {t("message.back")}
      </button>
      {row?.message ? <Whole row={row} /> : <p class="empty">{t("message.gone")}</p>}
    </main>
  );
}

function Whole({ row }: { row: Row }) {
  const message = row.message;
  const recalled = row.ended === "recalled";
  return (
    <article class={`whole ${priorityOf(row)}`}>
      <header>
        <Tag priority={priorityOf(row)} />
        <time dateTime={message?.stored_at}>{t("message.sentAt", { time: time(row.at) })}</time>
      </header>
      <h1>
        <bdi>
          {recalled || message?.subject
            ? line(row)
            : row.sent
              ? t("row.to", { who: recipients(row) })
              : t("row.from", { who: sender(row) })}
        </bdi>
      </h1>
      {message?.subject && (
        <p class="who">
          <bdi>{row.sent ? t("row.to", { who: recipients(row) }) : t("row.from", { who: sender(row) })}</bdi>
        </p>
      )}
      {!recalled && message?.text && (
        <p class="text">
          <bdi>{message.text}</bdi>
        </p>
      )}
      {!recalled && message?.patient && <Patient text={message.patient} />}
      {row.sent ? <Own row={row} /> : <Answers row={row} />}
      {!row.sent && message?.callback && !row.message?.responses?.accept_decline && (
        <p>
          <Call number={message.callback} />
        </p>
      )}
      <Team id={row.id} />
      {row.sent && <Timeline row={row} />}
    </article>
  );
}

function Patient({ text }: { text: string }) {
  const open = useSignal(false);
  return (
    <p class="patient">
      <button
        type="button"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {t(open.value ? "message.hide" : "message.show")}
      </button>
      {open.value && <bdi>{text}</bdi>}
    </p>
  );
}

function Own({ row }: { row: Row }) {
  const waiting = client.value?.kept.outbox.value.some((said) => said.kind === "cancel" && said.message === row.id);
  return (
    <>
      <Progress row={row} />
      {!row.ended && (
        <div class="buttons">
          <button
            type="button"
            disabled={waiting}
            onClick={() => void client.value?.say("cancel", { message: row.id, p: priorityOf(row) })}
          >
            {t("message.cancel")}
          </button>
          <button
            type="button"
            disabled={waiting}
            onClick={() => void client.value?.say("cancel", { message: row.id, recall: true, p: priorityOf(row) })}
          >
            {t("message.recall")}
          </button>
        </div>
      )}
      {waiting && (
        <p class="waiting" role="status">
          {t("sent.waiting")}
        </p>
      )}
    </>
  );
}

function Team({ id }: { id: string }) {
  const team = client.value?.kept.teams.value.get(id);
  if (!team?.parts.length) return null;
  return (
    <section>
      <h2>{t("message.team")}</h2>
      <ul class="timeline">
        {team.parts.map((part) => (
          <li key={part.role}>
            <bdi>
              {t("message.team.part", {
                role: part.role.replace(/^\w+:/, ""),
                there: part.there,
                needed: part.needed,
              })}
            </bdi>
            {part.who?.length ? <span class="quiet">{part.who.join(", ")}</span> : null}
            {part.missing && <strong>{t("message.team.missing")}</strong>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Timeline({ row }: { row: Row }) {
  const views = Object.values(row.others).sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return (
    <section>
      <h2>{t("message.delivery")}</h2>
      <ol class="timeline">
        <li>
          <time>{time(row.at)}</time>
          <span>{t("message.stored")}</span>
        </li>
        {views.map((view) => (
          <li key={view.person}>
            <time>{time(Date.parse(view.at))}</time>
            <span>
              <bdi>{row.names[view.person] ?? view.person}</bdi>: {t(`state.${view.state as "read"}`)}
              {view.state === "answered" && view.response ? `: ${view.response}` : ""}
            </span>
            {view.device && <span class="quiet">{t("message.device", { id: view.device.slice(-4) })}</span>}
          </li>
        ))}
        {row.promise.map((line) => (
          <li key={line.at} class="promise">
            <time>{time(line.at)}</time>
            <span>{t("sent.next", { who: line.who, time: time(line.at) })}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
