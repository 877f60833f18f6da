/** The buttons that answer a message, what was said, and whether the site knows it yet. */

import { useSignal } from "@preact/signals";
import { type Said, waits } from "../../core/device/outbox";
import { hasAnswered, needsMe, offersAnswer, priorityOf, type Row } from "../../core/device/rows";
import { isKey, t, time } from "../../core/i18n";
import { useDerived } from "../../ui/derived";
import { client, now } from "../state";

/** What an answer says: one of the protocol's words, a choice, or a text. */
type Answer = { word?: string; choice?: string; text?: string };
type Say = (answer: Answer) => () => void;

/** How long an acceptance can be taken back with one tap. */
const UNDO_MS = 5_000;
/** After so long without an answer the person must know that nobody has heard them. */
const UNSENT_MS = 10_000;

export function Answers({ row }: { row: Row }) {
  const tapped = useSignal("");
  const unsaid = useSignal("");
  const refused = useDerived(() => answersTo(row.id).find((said) => !waits(said)), [row.id]);
  const waiting = useDerived(() => answersTo(row.id).findLast(waits), [row.id]);
  // A tap is shown at once, and counts once; that it waits to be sent is said when it is on the disk.
  const say: Say = (answer) => async () => {
    if (tapped.peek()) return;
    tapped.value = answer.word ?? answer.choice ?? answer.text ?? "";
    try {
      await client.value?.answer(row, answer);
    } catch {
      unsaid.value = answer.text ?? ""; // the frame says that nothing can be kept; what was typed comes back
    } finally {
      tapped.value = "";
    }
  };
  return (
    <div class="answers">
      {refused && <Refused said={refused} />}
      {waiting ? (
        <Waiting said={waiting} row={row} />
      ) : tapped.value ? (
        <p class="waiting">{t("answer.keeping", { what: saying(tapped.value) })}</p>
      ) : needsMe(row) ? (
        <Buttons row={row} say={say} unsaid={unsaid.value} />
      ) : (
        <Outcome row={row} say={say} />
      )}
    </div>
  );
}

/** What was said of a message and is not confirmed, oldest first. */
function answersTo(message: string): Said[] {
  return client.value?.kept.outbox.value.filter((said) => said.kind === "response" && said.message === message) ?? [];
}

function Buttons({ row, say, unsaid }: { row: Row; say: Say; unsaid: string }) {
  const replying = useSignal(unsaid !== "");
  const offered = row.message?.responses;
  if (row.asked) {
    return (
      <>
        <p class="note">{t("answer.asked")}</p>
        <div class="buttons">
          <button type="button" class="first" onClick={say({ word: "keep" })}>
            {t("answer.keep")}
          </button>
          <button type="button" onClick={say({ word: "done" })}>
            {t("answer.done")}
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      <div class="buttons">
        {offered?.accept_decline && (
          <button type="button" class="first" onClick={say({ word: "accept" })}>
            {t("answer.accept")}
          </button>
        )}
        {offered?.choices?.map((choice, nth) => (
          <button
            type="button"
            class={nth === 0 && !offered.accept_decline ? "first" : ""}
            key={choice}
            onClick={say({ choice })}
          >
            {choice}
          </button>
        ))}
        {offered?.free_text && !replying.value && (
          <button
            type="button"
            onClick={() => {
              replying.value = true;
            }}
          >
            {t("answer.reply")}
          </button>
        )}
        {row.message?.callback && <Call number={row.message.callback} />}
        {offered?.accept_decline && (
          <button type="button" class="apart" onClick={say({ word: "decline" })}>
            {t("answer.decline")}
          </button>
        )}
      </div>
      {replying.value && <Reply say={say} unsaid={unsaid} />}
    </>
  );
}

export function Call({ number }: { number: string }) {
  return (
    <a class="button" href={`tel:${number.replace(/[^\d+*#]/g, "")}`}>
      {t("message.callback", { number })}
    </a>
  );
}

function Reply({ say, unsaid }: { say: Say; unsaid: string }) {
  const text = useSignal(unsaid);
  return (
    <form
      class="reply"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.value.trim()) say({ text: text.value.trim() })();
      }}
    >
      <label>
        {t("answer.reply.label")}
        <input
          maxLength={1000}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="first" disabled={!text.value.trim()}>
        {t("answer.reply")}
      </button>
    </form>
  );
}

/** An answer that the site has not confirmed must not look as if it had. */
function Waiting({ said, row }: { said: Said; row: Row }) {
  const live = client.value?.link.value.link === "live";
  const late = useDerived(
    () => now.value + (client.value?.offset.value ?? 0) - said.created > UNSENT_MS,
    [said.created],
  );
  const number = row.message?.callback ?? "";
  const urgent = priorityOf(row) === "code" || priorityOf(row) === "high";
  return (
    <p class={late ? "waiting late" : "waiting"} role="status">
      <span>{t(live && !late ? "answer.sending" : "answer.waiting", { what: saying(said.words) })}</span>
      {late && urgent && <strong>{number ? t("answer.unsent", { number }) : t("answer.unsent.nonumber")}</strong>}
      {late && urgent && number && <Call number={number} />}
    </p>
  );
}

export function Refused({ said }: { said: Said }) {
  const key = `error.${said.refused?.code}`;
  const why = isKey(key) ? t(key) : t("error.other", { detail: said.refused?.detail ?? "" });
  return (
    <p class="trouble" role="alert">
      <span>{t(said.kind === "response" ? "answer.refused" : "sent.refused", { why })}</span>
      {said.refused?.code === "code_running" && <Running said={said} running={String(said.refused.fields.message)} />}
      <button type="button" onClick={() => void client.value?.kept.forget(said.id)}>
        {t("answer.seen")}
      </button>
    </p>
  );
}

/** The same call runs there already: the person adds to it, or begins another one. */
function Running({ said, running }: { said: Said; running: string }) {
  const again = (more: object) => async (): Promise<void> => {
    const { t: _kind, id: _id, ...frame } = JSON.parse(said.body) as Record<string, unknown>;
    await client.value?.say("send", { ...frame, ...more }, said.words);
    await client.value?.kept.forget(said.id);
  };
  return (
    <>
      <button type="button" class="first" onClick={() => void again({ add_to: running })()}>
        {t("code.add")}
      </button>
      <button type="button" onClick={() => void again({ force: true })()}>
        {t("code.another")}
      </button>
    </>
  );
}

function Outcome({ row, say }: { row: Row; say: Say }) {
  const state = row.mine?.state ?? "";
  const at = row.mine ? Date.parse(row.mine.at) : 0;
  const undo = state === "accepted" && !row.ended && priorityOf(row) !== "code";
  const young = useDerived(() => undo && now.value - at < UNDO_MS, [undo, at]);
  return (
    <>
      {row.ended ? (
        <p class="note">{ended(row)}</p>
      ) : (
        row.taken && <p class="note">{t("taken.by", { who: row.taken })}</p>
      )}
      {hasAnswered(row) && (
        <p class="said">
          <span>{t(`you.${state as "accepted"}`, { time: time(at), what: saying(row.mine?.response ?? "") })}</span>
          {undo && (
            <button type="button" onClick={say({ word: "hand_back" })}>
              {t(young ? "answer.undo" : "answer.hand_back")}
            </button>
          )}
        </p>
      )}
      {row.taken &&
        !row.ended &&
        offersAnswer(row) &&
        !hasAnswered(row) &&
        row.message?.responses?.accept_decline && (
          <div class="buttons">
            <button type="button" onClick={say({ word: "accept" })}>
              {t("answer.accept")}
            </button>
          </div>
        )}
    </>
  );
}

export function ended(row: Row): string {
  const what = t(`ended.${row.ended as "cancelled"}`);
  return row.by ? t("ended.by", { what, who: row.by }) : what;
}

function saying(words: string): string {
  const key = `answer.${words}`;
  return isKey(key) ? t(key) : words;
}
