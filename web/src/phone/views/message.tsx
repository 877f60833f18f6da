/** One message: what it says, the answers, and how its delivery went, step by step. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { waits } from "../../core/device/outbox";
import { ahead, offersAnswer, priorityOf, type Row } from "../../core/device/rows";
import { t, time } from "../../core/i18n";
import { Answers, Call, Refused } from "../parts/answers";
import { line, Progress, recipients, sender, whoIs } from "../parts/item";
import { Tag } from "../parts/tag";
import { Talk } from "../parts/talk";
import { isWhole, Team, TeamLine, teamOf } from "../parts/team";
import { client, go, now } from "../state";
import { Called, Further } from "./further";

const UNREAD = new Set(["pending", "unreachable", "delivered"]);

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
      {row?.message ? <Whole row={row} /> : <Missing />}
    </main>
  );
}

/** So long what somebody was called to may be on its way, once this device is connected. */
const COMING_MS = 10_000;

/** A notification, or a link, was here before its message. */
function Missing() {
  const live = client.value?.link.value.link === "live";
  const late = useSignal(false);
  useEffect(() => {
    late.value = false;
    client.peek()?.hurry();
    if (!live) return;
    const timer = setTimeout(() => {
      late.value = true;
    }, COMING_MS);
    return () => clearTimeout(timer);
  }, [live]);
  if (late.value) return <p class="empty">{t("message.gone")}</p>;
  return (
    <p class="empty" role="status">
      {t(live ? "message.coming" : "message.coming.away")}
    </p>
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
      {!row.sent && !row.ended && <Ends row={row} />}
      {!row.sent && message?.callback && !row.message?.responses?.accept_decline && (
        <p>
          <Call number={message.callback} />
        </p>
      )}
      <Team id={row.id} />
      {!recalled && message?.kind !== "test" && <Talk row={row} />}
      <Called row={row} />
      <Further row={row} />
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

/** A message is rung again at most so often. */
const NUDGE_MS = 60_000;

function Own({ row }: { row: Row }) {
  return (
    <>
      <Progress row={row} />
      <TeamLine id={row.id} />
      {!row.ended && <Waited row={row} />}
      {!row.ended && <Ends row={row} />}
    </>
  );
}

/** Who is waited for, and *Ring again*. */
function Waited({ row }: { row: Row }) {
  const current = client.value;
  const wanted = offersAnswer(row);
  const people = Object.entries(row.others)
    .filter(([, view]) => UNREAD.has(view.state) || (wanted && view.state === "read"))
    .map(([person]) => row.names[person] ?? person);
  if (people.length === 0) return null;
  const said = current?.kept.outbox.value.find((one) => one.kind === "nudge" && one.message === row.id);
  const asked = said !== undefined && waits(said);
  const left = Math.min(NUDGE_MS, (current?.kept.nudged.value.get(row.id) ?? 0) + NUDGE_MS - now.value);
  const shown = people.slice(0, 5).join(", ") + (people.length > 5 ? ` +${people.length - 5}` : "");
  return (
    <div>
      <p class="quiet">
        <bdi>{t(wanted ? "nudge.unanswered" : "nudge.unread", { who: shown })}</bdi>
      </p>
      {said?.refused && <Refused said={said} />}
      {current?.hears.value.includes("nudge") && (
        <button
          type="button"
          class="wide"
          disabled={asked || left > 0}
          onClick={() => void current.say("nudge", { message: row.id, p: priorityOf(row) })}
        >
          {asked ? t("sent.waiting") : left > 0 ? t("nudge.wait", { s: Math.ceil(left / 1_000) }) : t("nudge.do")}
        </button>
      )}
    </div>
  );
}

/** The ends that this person may give a message: as its sender, or as who has an alert that calls a team. */
function Ends({ row }: { row: Row }) {
  const said = client.value?.kept.outbox.value.find((one) => one.kind === "cancel" && one.message === row.id);
  const alert = priorityOf(row) === "code" || teamOf(row.id) !== undefined;
  const end = (more: object) => () =>
    void client.value?.say("cancel", { message: row.id, ...more, p: priorityOf(row) });
  // Nobody has an alert before its team is whole: until then its sender alone may end it.
  if (!row.sent && !(alert && row.mine?.state === "accepted" && isWhole(row.id))) return null;
  const waiting = said !== undefined && waits(said);
  return (
    <>
      {said?.refused && <Refused said={said} />}
      <div class="buttons">
        {alert && (
          <button type="button" disabled={waiting} onClick={end({ all_clear: true })}>
            {t("message.allclear")}
          </button>
        )}
        {row.sent && (
          <button type="button" disabled={waiting} onClick={end({})}>
            {t("message.cancel")}
          </button>
        )}
        {row.sent && (
          <button type="button" disabled={waiting} onClick={end({ recall: true })}>
            {t("message.recall")}
          </button>
        )}
      </div>
      {waiting && (
        <p class="waiting" role="status">
          {t("sent.waiting")}
        </p>
      )}
    </>
  );
}

/** Each step of each recipient, and on which device; then what is still to come. */
function Timeline({ row }: { row: Row }) {
  const steps = (row.steps ?? Object.values(row.others)).toSorted(
    (one, other) => Date.parse(one.at) - Date.parse(other.at),
  );
  const over = row.ended !== "" || Object.values(row.others).some((view) => view.state === "accepted");
  return (
    <section>
      <h2>{t("message.delivery")}</h2>
      <ol class="timeline">
        <li>
          <time>{time(row.at)}</time>
          <span>{t("message.stored")}</span>
        </li>
        {steps.map((view) => (
          <li key={`${view.person} ${view.at} ${view.state}`}>
            <time>{time(Date.parse(view.at))}</time>
            <span>
              <bdi>{row.names[view.person] ?? view.person}</bdi>: {t(`state.${view.state as "read"}`)}
              {view.state === "answered" && view.response ? `: ${view.response}` : ""}
            </span>
            {view.device && <span class="quiet">{t("message.device", { id: view.device.slice(-4) })}</span>}
          </li>
        ))}
        {!over &&
          ahead(row, now.value).map((line) => (
            <li key={`${line.at} ${line.who}`} class="promise">
              <time>{time(line.at)}</time>
              <span>{line.how === "sender" ? t("promise.sender") : t("sent.then", { who: whoIs(line) })}</span>
            </li>
          ))}
      </ol>
    </section>
  );
}
