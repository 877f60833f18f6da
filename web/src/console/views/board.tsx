/** How what was sent from here stands: what failed floats up; then the newest. */

import { computed, signal } from "@preact/signals";
import type { BoardRow, Priority } from "../../core/device/frames";
import type { Said } from "../../core/device/outbox";
import { ahead, offersAnswer, priorityOf, type Row } from "../../core/device/rows";
import { age, countdown, time } from "../../core/i18n";
import { sayCode } from "../../core/i18n/refused";
import { isAlarm, trouble, untaken } from "../alarms";
import { alerts, asking, client, now, outbox, rows } from "../state";
import { promiseOf, t, word } from "../words";
import { Alarms, rowOf } from "./alarms";
import { Tag } from "./tag";

const SHOWN_MS = 30 * 60_000;
const MOST = 60;
const CELLS = 6;
const LETTERS: Record<string, string> = {
  pending: "S",
  delivered: "D",
  read: "R",
  accepted: "A",
  answered: "A",
  declined: "X",
  unreachable: "X",
  expired: "X",
};

const failing = (row: Row): boolean =>
  !row.ended && Object.values(row.others).some((view) => ["unreachable", "declined", "expired"].includes(view.state));

const sent = computed(() =>
  rows.value
    .filter((row) => row.sent && (row.at > now.value - SHOWN_MS || failing(row)))
    .sort((one, other) => Number(failing(other)) - Number(failing(one)) || other.at - one.at)
    .slice(0, MOST),
);
/** What others have sent, in the whole house: without its words, where the operator may not read them. */
const house = computed(() => {
  const own = new Set(rows.value.filter((row) => row.sent).map((row) => row.id));
  const stuck = (row: BoardRow): boolean =>
    row.state === "exhausted" || !!row.cells?.some((cell) => cell.letter === "X");
  return [...alerts.value.values()]
    .filter((row) => !own.has(row.message))
    .sort(
      (one, other) => Number(stuck(other)) - Number(stuck(one)) || Date.parse(other.since) - Date.parse(one.since),
    )
    .slice(0, MOST)
    .map((row) => ({ row, stuck: stuck(row) }));
});
const sends = computed(() => outbox.value.filter((said) => said.kind !== "availability"));
const pointed = signal("");

/** Go to the next row that needs somebody's eyes. */
export function nextFailing(): void {
  const messages = [
    ...house.value.filter((one) => one.stuck).map((one) => one.row.message),
    ...sends.value.filter((said) => said.refused).map((said) => said.id),
    ...sent.value.filter(failing).map((row) => row.id),
  ];
  const list = [...untaken.value.map(rowOf), ...messages.map((id) => `b-${id}`)];
  const next = list[(list.indexOf(pointed.peek()) + 1) % Math.max(1, list.length)];
  if (!next) return;
  pointed.value = next;
  document.getElementById(next)?.focus();
}

export function Board() {
  const mine = asking.value.filter((row) => trouble.value !== "" || !isAlarm(row));
  return (
    <section class="pane board" aria-labelledby="board-title">
      <Alarms />
      {mine.length > 0 && (
        <>
          <h2>{t("asking.title")}</h2>
          <ul class="plain rows">
            {mine.map((row) => (
              <Asking key={row.id} row={row} />
            ))}
          </ul>
        </>
      )}
      <h2 id="board-title">{t("board.title")}</h2>
      {sent.value.length === 0 && sends.value.length === 0 && <p class="quiet">{t("board.empty")}</p>}
      <ul class="plain rows">
        {sends.value.map((said) => (
          <Waiting key={said.id} said={said} />
        ))}
        {sent.value.map((row) => (
          <Sent key={row.id} row={row} />
        ))}
      </ul>
      {house.value.length > 0 && (
        <>
          <h2>{t("board.house")}</h2>
          <ul class="plain rows">
            {house.value.map(({ row, stuck }) => (
              <OfHouse key={row.message} row={row} stuck={stuck} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** What the site has not answered yet, or has refused. */
function Waiting({ said }: { said: Said }) {
  const body = JSON.parse(said.body) as { priority?: string; text?: string; subject?: string };
  return (
    <li id={`b-${said.id}`} tabIndex={-1} class={said.refused ? "failing" : "waits"}>
      <p class="line">
        <span class="time">{time(said.created)}</span>
        <strong>{said.words || body.subject || body.text}</strong>
      </p>
      <p class="quiet">{body.text}</p>
      {said.refused ? (
        <p class="bad" role="alert">
          {t("board.refused", { why: sayCode(said.refused.code, said.refused.detail) })}{" "}
          <button type="button" onClick={() => void client.peek()?.kept.forget(said.id)}>
            {t("board.understood")}
          </button>
        </p>
      ) : (
        <p class="quiet">{t("board.waiting")}</p>
      )}
    </li>
  );
}

/** Whoever was called later, by the view of the house: what was stored does not name them. */
const nameOf = (message: string, person: string): string =>
  alerts.value.get(message)?.cells?.find((cell) => cell.person === person)?.name ?? "";

function Sent({ row }: { row: Row }) {
  const people = Object.values(row.others);
  const [next] = ahead(row, now.value);
  const open = !row.ended && !people.some((view) => ["accepted", "answered"].includes(view.state));
  return (
    <li id={`b-${row.id}`} tabIndex={-1} class={`${failing(row) ? "failing" : ""} ${row.ended ? "over" : ""}`}>
      <p class="line">
        <span class="time">{time(row.at)}</span>
        <Tag priority={priorityOf(row)} />
        <span class="subject">{row.message?.subject || row.message?.text}</span>
        <span class="since">{row.ended ? word("end", row.ended) : age(now.value - row.at)}</span>
      </p>
      <ul class="cells">
        {people.slice(0, CELLS).map((view) => (
          <li key={view.person} class={`cell ${view.state}`}>
            <b aria-hidden="true">{LETTERS[view.state] ?? "Q"}</b>{" "}
            <bdi>{row.names[view.person] ?? nameOf(row.id, view.person)}</bdi>{" "}
            <span>{view.response && view.state === "answered" ? view.response : word("state", view.state)}</span>
          </li>
        ))}
        {people.length > CELLS && <li>{t("state.more", { n: people.length - CELLS })}</li>}
      </ul>
      {open && next && (
        <p class="quiet">{t("board.next", { who: promiseOf(next), time: countdown(next.at - now.value) })}</p>
      )}
    </li>
  );
}

/** An alert that somebody else has begun. */
function OfHouse({ row, stuck }: { row: BoardRow; stuck: boolean }) {
  const where = [row.title, row.bed || row.unit].filter(Boolean).join(" · ");
  const what = row.subject || where || t("asking.from", { who: row.sender ?? "" });
  const cells = row.cells ?? [];
  const more = cells.length - CELLS + (row.others ?? 0);
  return (
    <li id={`b-${row.message}`} tabIndex={-1} class={stuck ? "failing" : ""}>
      <p class="line">
        <span class="time">{time(Date.parse(row.since))}</span>
        <Tag priority={row.priority as Priority} />
        <span class="subject">
          {row.drill ? `${t("drill")} ` : ""}
          {what}
        </span>
        <span class="since">{age(now.value - Date.parse(row.since))}</span>
      </p>
      <ul class="cells">
        {cells.slice(0, CELLS).map((cell) => (
          <li key={cell.person} class={`cell ${cell.state}`}>
            <b aria-hidden="true">{cell.letter}</b> <bdi>{cell.name}</bdi> <span>{word("state", cell.state)}</span>
          </li>
        ))}
        {more > 0 && <li>{t("state.more", { n: more })}</li>}
      </ul>
      {row.next && (
        <p class="quiet">
          {t("board.next", {
            who: row.next.who?.join(", ") || word("next", row.next.what),
            time: countdown(Date.parse(row.next.at) - now.value),
          })}
        </p>
      )}
    </li>
  );
}

function Asking({ row }: { row: Row }) {
  const answer = (word: string) => () => void client.peek()?.answer(row, { word });
  const sender = row.message?.sender;
  return (
    <li class="asks" id={`b-${row.id}`} tabIndex={-1}>
      <p class="line">
        <span class="time">{time(row.at)}</span>
        <Tag priority={priorityOf(row)} />
        <span class="subject">{row.message?.subject || row.message?.text}</span>
      </p>
      {row.message?.subject && <p>{row.message.text}</p>}
      <p class="acts">
        <span class="quiet">{t("asking.from", { who: sender?.name || sender?.source || "" })}</span>
        {offersAnswer(row) && row.message?.responses?.accept_decline ? (
          <>
            <button type="button" class="first" onClick={answer("accept")}>
              {t("answer.accept")}
            </button>
            <button type="button" onClick={answer("decline")}>
              {t("answer.decline")}
            </button>
          </>
        ) : (
          <button type="button" onClick={() => void client.peek()?.read(row)}>
            {t("board.understood")}
          </button>
        )}
        {row.message?.responses?.choices?.map((choice) => (
          <button key={choice} type="button" onClick={() => void client.peek()?.answer(row, { choice })}>
            {choice}
          </button>
        ))}
      </p>
    </li>
  );
}
