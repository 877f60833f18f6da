/** Code calls that run: on top for as long as they do, with their time, who is there and who is missing. */

import { signal } from "@preact/signals";
import type { Part } from "../../core/device/frames";
import { countdown } from "../../core/i18n";
import { ask } from "../../core/rest";
import { whyNot } from "../site";
import { type Running as Call, client, now, running, say } from "../state";
import { t } from "../words";
import { focusOmnibox } from "./omnibox";
import { Tag } from "./tag";

const clearing = signal<Call | null>(null);

/** Ask whether it is over; of several the oldest. */
export function askClear(call: Call | undefined = running.peek()[0]): void {
  if (!call) return;
  clearing.value = call;
  const dialog = document.querySelector<HTMLDialogElement>("dialog#clear");
  if (dialog && !dialog.open) dialog.showModal();
}

/** Say that it is over: what was called from here through the outbox, what others called by the operator's right. */
async function clear(): Promise<void> {
  const call = clearing.peek();
  if (!call) return;
  document.querySelector<HTMLDialogElement>("dialog#clear")?.close();
  try {
    if (call.own) {
      const said = { message: call.id, all_clear: true, p: "code" };
      await client.peek()?.say("cancel", said, t("running.clear"));
    } else {
      const path = { message_id: call.id };
      await ask("POST /v1/messages/{message_id}/cancel", { path, body: { all_clear: true } });
    }
    say(t("running.cleared", { call: call.name }));
  } catch (error) {
    say(whyNot(error), true);
  }
}

export function Running() {
  return (
    <>
      {running.value.length > 0 && (
        <section class="running" aria-label={t("running.title")}>
          {running.value.map((call) => (
            <One key={call.id} call={call} />
          ))}
        </section>
      )}
      <dialog
        id="clear"
        aria-labelledby="clear-title"
        onClose={focusOmnibox}
        onKeyDown={(event) => {
          if (!(event.ctrlKey && event.key === "Enter")) return;
          event.preventDefault();
          void clear();
        }}
      >
        <h2 id="clear-title">{t("running.clear")}</h2>
        <p>
          {t("running.clear.ask", {
            call: clearing.value?.name ?? "",
            name: client.value?.card.name ?? "",
          })}
        </p>
        <p class="acts">
          <button type="button" class="first" onClick={() => void clear()}>
            <kbd>Ctrl+Enter</kbd> {t("running.clear")}
          </button>
          <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>
            <kbd>Esc</kbd> {t("code.cancel")}
          </button>
        </p>
      </dialog>
    </>
  );
}

/** Whoever has not come is missing only when the site says so: until then there is time. */
function lacking(part: Part): string {
  if (part.missing) return t("running.missing");
  const left = part.due ? Date.parse(part.due) - now.value : 0;
  return left > 0 ? t("running.due", { time: countdown(left) }) : t("running.notyet");
}

function One({ call }: { call: Call }) {
  return (
    <div class={`call ${call.drill ? "drill" : ""}`}>
      <Tag priority="code" />
      <strong class="subject">{call.name}</strong>
      {call.by && <span>{t("asking.from", { who: call.by })}</span>}
      <span class="timer">+{countdown(now.value - call.at)}</span>
      <span class="quorum">{t("running.parts", { there: call.there, needed: call.needed })}</span>
      <ul class="cells">
        {call.parts.map((part) => (
          <li key={part.role} class={part.there < part.needed && part.missing ? "bad" : ""}>
            {part.role.replace(/^\w+:/, "")} {part.there}/{part.needed}
            {part.who?.length ? ` ${part.who.join(", ")}` : ""}{" "}
            {part.there < part.needed && <span>{lacking(part)}</span>}
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => askClear(call)}>
        <kbd>F7</kbd> {t("running.clear")}
      </button>
    </div>
  );
}
