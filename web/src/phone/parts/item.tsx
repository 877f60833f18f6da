/** One message in the inbox. A row is drawn again only when it has changed. */

import { Component } from "preact";
import type { Statement } from "../../core/device/frames";
import type { Said } from "../../core/device/outbox";
import { ahead, isUnread, needsMe, priorityOf, type Row } from "../../core/device/rows";
import { age, countdown, t } from "../../core/i18n";
import { useDerived } from "../../ui/derived";
import { go, now } from "../state";
import { Answers, Refused } from "./answers";
import { Tag } from "./tag";
import { TeamLine } from "./team";

const LINE_MAX = 200;

export class Item extends Component<{ row: Row }> {
  override shouldComponentUpdate(next: { row: Row }): boolean {
    return next.row !== this.props.row;
  }

  override render() {
    const { row } = this.props;
    const priority = priorityOf(row);
    const unread = isUnread(row);
    return (
      <li class={`item ${priority}${row.ended ? " over" : ""}${row.rings ? " rings" : ""}`} data-id={row.id}>
        <article>
          <header>
            <Tag priority={priority} />
            {row.message?.kind === "test" && <strong>{t("row.test")}</strong>}
            {unread && <span class="unread">{t("row.unread")}</span>}
            <Age at={row.at} />
          </header>
          <h2>
            <button type="button" class="open" onClick={() => go("message", row.id)}>
              <bdi>{line(row)}</bdi>
            </button>
          </h2>
          <p class="who">
            <bdi>{row.sent ? t("row.to", { who: recipients(row) }) : t("row.from", { who: sender(row) })}</bdi>
          </p>
          {row.message?.priority === "code" && <TeamLine id={row.id} />}
          {!row.sent && <Next row={row} />}
          {row.sent ? <Progress row={row} /> : <Answers row={row} />}
        </article>
      </li>
    );
  }
}

function Age({ at }: { at: number }) {
  const words = useDerived(() => age(now.value - at), [at]);
  return (
    <time class="age" dateTime={new Date(at).toISOString()}>
      {words}
    </time>
  );
}

/** What is shown of a message in one line: never of one that was recalled. */
export function line(row: Row): string {
  if (row.ended === "recalled") return t("message.recalled.text");
  const said = row.message?.subject || row.message?.text || "";
  return said.length > LINE_MAX ? `${said.slice(0, LINE_MAX)}...` : said;
}

export const sender = (row: Row): string =>
  row.message?.sender.name || row.message?.sender.source || t("row.integration");

export function recipients(row: Row): string {
  const names = Object.values(row.names);
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} +${names.length - 3}` : names.join(", ");
}

const ANSWERED = new Set(["accepted", "declined", "answered"]);

/** Who a line of a promise means. */
export function whoIs(line: Row["promise"][number]): string {
  return line.how === "desk" || line.how === "part missing" ? t("promise.desk") : line.who;
}

/** To whom a message goes next if this person does not answer, and when. */
function Next({ row }: { row: Row }) {
  const words = useDerived(() => (needsMe(row) ? nextOf(row, "row.next") : ""), [row]);
  return words ? <p class="next">{words}</p> : null;
}

/** To whom it goes next, and in how long; "" where nobody is called any more. */
function nextOf(row: Row, key: "row.next" | "sent.next"): string {
  const [next] = ahead(row, now.value);
  if (!next) return "";
  return t(next.how === "sender" ? "sent.untold" : key, { who: whoIs(next), time: countdown(next.at - now.value) });
}

/** How one's own message stands: who has answered, and who is called next if nobody does. */
export function Progress({ row }: { row: Row }) {
  const all = Object.entries(row.others);
  const done = all.filter(([, view]) => ANSWERED.has(view.state));
  const over = row.ended !== "" || done.some(([, view]) => view.state === "accepted");
  const next = useDerived(() => (over ? "" : nextOf(row, "sent.next")), [row]);
  const [only] = all;
  return (
    <p class="progress">
      {row.ended
        ? t(`ended.${row.ended as "cancelled"}`)
        : all.length === 1 && only
          ? `${t(`state.${only[1].state as "read"}`)}${only[1].response && only[1].state === "answered" ? `: ${only[1].response}` : ""}`
          : t("sent.count", { done: done.length, all: all.length })}
      {next && <span class="next">{next}</span>}
    </p>
  );
}

/** A message that this device has kept, and the site not yet. */
export function SentItem({ said, waiting }: { said: Said; waiting: boolean }) {
  const statement = { ...said.about, ...(JSON.parse(said.body) as Statement) };
  return (
    <li class={`item ${statement.priority} outgoing`}>
      <article>
        <header>
          <Tag priority={statement.priority} />
          <Age at={said.created} />
        </header>
        <h2>
          <bdi>{statement.text}</bdi>
        </h2>
        <p class="who">
          <bdi>{t("row.to", { who: said.words })}</bdi>
        </p>
        {waiting ? (
          <p class="waiting" role="status">
            {t("sent.waiting")}
          </p>
        ) : (
          <Refused said={said} />
        )}
      </article>
    </li>
  );
}
