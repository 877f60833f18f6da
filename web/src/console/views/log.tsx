/** The log of pages and calls, and the way of one of them. */

import type { Priority } from "../../core/device/frames";
import type { SentOut } from "../../core/generated/api";
import { countdown, time } from "../../core/i18n";
import { load, log, older, resend, save, setOwn, shown, tell, told } from "../log";
import { t, word } from "../words";
import { Stands } from "./face";
import { moveIn } from "./list";
import { Tag } from "./tag";

export const Log = () => (told.value ? <Way /> : <List />);

function List() {
  const { own, filter, lines, next, face, why } = log;
  const list = shown.value;
  return (
    <section class="pane" aria-labelledby="log-title">
      <h2 id="log-title">{t("log.title")}</h2>
      <div class="row">
        <label class="short">
          {t("log.filter")}
          <input
            id="log-filter"
            type="text"
            autoComplete="off"
            placeholder={t("log.hint")}
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
            }}
            onKeyDown={(event) => {
              if (event.key !== "ArrowDown") return;
              document.querySelector<HTMLElement>("#log-list > li")?.focus();
              event.preventDefault();
            }}
          />
        </label>
        <fieldset>
          <legend>{t("log.whose")}</legend>
          <div class="choices">
            {[true, false].map((one) => (
              <label key={String(one)}>
                <input type="radio" name="whose" checked={own.value === one} onChange={() => setOwn(one)} />
                {t(one ? "log.own" : "log.all")}
              </label>
            ))}
          </div>
        </fieldset>
      </div>
      <Stands face={face.value} away={t(lines.value.length ? "log.old" : "log.away")} why={why.value} again={load} />
      {face.value === "fresh" && list.length === 0 && (
        <p class="quiet">{lines.value.length ? t("log.nothing", { q: filter.value }) : t("log.empty")}</p>
      )}
      <ul id="log-list" class="plain rows" onKeyDown={moveIn}>
        {list.map((line, nth) => (
          <Line key={line.id} line={line} first={nth === 0} />
        ))}
      </ul>
      <p class="acts">
        {next.value !== null && (
          <button type="button" onClick={() => void older()}>
            {t("log.older")}
          </button>
        )}
        {list.length > 0 && (
          <button type="button" onClick={save}>
            {t("log.csv")}
          </button>
        )}
      </p>
    </section>
  );
}

function Line({ line, first }: { line: SentOut; first: boolean }) {
  const { to = [], people } = line;
  return (
    <li
      tabIndex={first ? 0 : -1}
      class={line.ended_at ? "over" : ""}
      onClick={() => void tell(line.id)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.ctrlKey) void tell(line.id);
        else if (event.ctrlKey && event.key.toLowerCase() === "r") void resend(line);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <p class="line">
        <span class="time">{time(Date.parse(line.stored_at))}</span>
        <Tag priority={line.priority as Priority} />
        {line.drill && <strong class="drillmark">{t("drill")}</strong>}
        {line.paper && <span class="badge">{t("paper.mark")}</span>}
        <span class="subject">{line.about}</span>
      </p>
      <p class="line">
        <span>
          {t("log.to", {
            from: line.sender.name ?? "",
            to: `${to.join(", ")}${people > to.length ? ` ${t("state.more", { n: people - to.length })}` : ""}`,
          })}
        </span>
        <span class={`outcome ${line.taken_by ? "" : "quiet"}`}>{outcome(line)}</span>
      </p>
    </li>
  );
}

/** What came of it, in a line. */
function outcome(line: SentOut): string {
  const ended = line.ended_why ? ` · ${word("end", line.ended_why)}` : "";
  if (line.taken_by) {
    const said = {
      who: line.taken_by,
      what: word("said", line.response ?? ""),
      time: countdown(1_000 * (line.taken_s ?? 0)),
    };
    return t("log.taken", said) + ended;
  }
  return t("log.reached", { n: line.reached, people: line.people }) + ended;
}

/** What was sent, whom it reached and when, and each step of it. */
function Way() {
  const { story, message, why } = told.value ?? { story: null, message: null, why: "" };
  const back = (): void => {
    const id = told.peek()?.id;
    told.value = null;
    requestAnimationFrame(() => {
      const at = shown.peek().findIndex((line) => line.id === id);
      document.querySelectorAll<HTMLElement>("#log-list > li")[Math.max(0, at)]?.focus();
    });
  };
  return (
    <section
      class="pane"
      aria-labelledby="story-title"
      onKeyDown={(event) => {
        if (event.key !== "Backspace") return;
        event.preventDefault();
        back();
      }}
    >
      <h2 id="story-title" tabIndex={-1}>
        {message?.subject || t("log.way")}
      </h2>
      {why && (
        <p class="bad" role="alert">
          {why}
        </p>
      )}
      {!story && !why && <p role="status">{t("loading")}</p>}
      {story && (
        <p class="line">
          <span class="time">{time(Date.parse(story.stored_at))}</span>
          <Tag priority={story.priority as Priority} />
          <span>{t("asking.from", { who: story.sender.name || story.sender.source || "" })}</span>
          {story.ended_why && <span>{word("end", story.ended_why)}</span>}
        </p>
      )}
      {message?.text && <p class="said">{message.text}</p>}
      {story && (
        <>
          <h3>{t("log.people")}</h3>
          <ul class="plain steps">
            {story.people.map((one) => (
              <li key={one.person}>
                <strong>
                  <bdi>{one.name}</bdi>
                </strong>
                <span>
                  {word("state", one.state)}
                  {typeof one.delivered_s === "number" &&
                    `, ${t("log.delivered", { time: countdown(1_000 * one.delivered_s) })}`}
                  {answerOf(message, one.person)}
                </span>
              </li>
            ))}
          </ul>
          <h3>{t("log.steps")}</h3>
          <ol class="plain steps">
            {story.hops.map((hop, nth) => (
              <li key={`${nth}${hop.at}`}>
                <span class="time">
                  {time(Date.parse(hop.at))} +{countdown(1_000 * hop.after_s)}
                </span>
                <span>{hop.text}</span>
              </li>
            ))}
          </ol>
          {story.told_all === false && <p class="quiet">{t("log.part")}</p>}
        </>
      )}
      <p class="acts">
        <button type="button" onClick={back}>
          <kbd>⌫</kbd> {t("log.back")}
        </button>
      </p>
    </section>
  );
}

function answerOf(
  message: {
    deliveries: { person: string; response?: string; responded_at?: string | null }[];
    stored_at: string;
  } | null,
  person: string,
): string {
  const found = message?.deliveries.find((one) => one.person === person);
  if (!message || !found?.responded_at) return "";
  const after = Date.parse(found.responded_at) - Date.parse(message.stored_at);
  return `, ${t("log.answered", { what: word("said", found.response ?? ""), time: countdown(after) })}`;
}
