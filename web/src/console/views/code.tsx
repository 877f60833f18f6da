/** The code call: F2, a digit, Enter, and then another key to send it, so that a bouncing Enter cannot. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { time } from "../../core/i18n";
import {
  call,
  choose,
  choosePlace,
  go,
  offered,
  placeName,
  refusal,
  runningCall,
  sendCall,
  sentence,
  toConfirm,
  trial,
  types,
} from "../calls";
import { t } from "../words";
import { focusOmnibox } from "./omnibox";
import { Options } from "./options";

const LATE_MS = 3_000;

export function CodeCall() {
  const { stage, type, drill } = call;
  const at = useSignal(0);
  const onKey = (event: KeyboardEvent): void => {
    const typing = event.target instanceof HTMLInputElement;
    const digit = Number(event.key);
    if (event.ctrlKey && event.key === "Enter") {
      if (stage.peek() === "confirm") void sendCall();
      else if (stage.peek() === "running") void sendCall("add");
    } else if (!typing && digit >= 1 && types.peek()[digit - 1] && stage.peek() === "type")
      choose(types.peek()[digit - 1] as (typeof types.value)[number]);
    else if (!typing && event.key.toLowerCase() === "d" && ["type", "confirm"].includes(stage.peek())) toggle();
    else if (!typing && event.key === "Backspace" && stage.peek() === "confirm") go("place");
    else if (typing && event.key === "ArrowDown") at.value = Math.min(offered.peek().length - 1, at.peek() + 1);
    else if (typing && event.key === "ArrowUp") at.value = Math.max(0, at.peek() - 1);
    else if (typing && event.key === "Enter") accept();
    else return;
    event.preventDefault();
  };
  const toggle = (): void => {
    drill.value = !drill.peek();
    if (stage.peek() === "confirm") toConfirm();
  };
  /** Accept the place: the one that was chosen of several, or what was typed. */
  const accept = (): void => {
    const chosen = call.place.peek() ? undefined : offered.peek()[at.peek()];
    if (chosen) choosePlace(chosen);
    const place = call.place.peek();
    if (place) choosePlace(place); // it stands as the directory has it
    if (placeName.peek()) toConfirm();
  };
  const current = stage.value;
  return (
    <dialog
      id="code"
      class={drill.value ? "drill" : "real"}
      aria-labelledby="code-title"
      onKeyDown={onKey}
      onClose={focusOmnibox}
    >
      <h2 id="code-title">
        {t("code.title")} {drill.value && <strong class="drillmark">{t("drill")}</strong>}
      </h2>
      {types.value.length === 0 && <p class="warn">{t("code.none")}</p>}
      <div id="code-types" class="types" role="group" aria-label={t("code.type")} tabIndex={-1}>
        {types.value.map((one, nth) => (
          <button
            type="button"
            key={one.id}
            aria-pressed={one.id === type.value?.id}
            disabled={current === "sending"}
            onClick={() => choose(one)}
          >
            <kbd>{nth + 1}</kbd> {one.name}
          </button>
        ))}
      </div>
      {current === "type" && types.value.length > 0 && <p class="quiet">{t("code.type.hint")}</p>}
      <div class="row">
        <label class="short" for="code-place">
          {t("code.place")}
        </label>
        <input
          id="code-place"
          type="text"
          role="combobox"
          aria-expanded={offered.value.length > 1}
          aria-controls="places"
          autoComplete="off"
          maxLength={80}
          placeholder={t("code.place.hint")}
          disabled={!type.value || current === "sending"}
          value={call.typed.value}
          onInput={(event) => {
            at.value = 0;
            stage.value = "place";
            call.typed.value = event.currentTarget.value;
          }}
        />
        {call.caller.value && <span class="quiet">{t("code.caller", { number: call.caller.value })}</span>}
      </div>
      {current === "place" && !call.place.value && offered.value.length > 0 && (
        <>
          <p class="quiet">{t("code.place.many")}</p>
          <Options
            id="places"
            label={t("code.place")}
            list={offered.value}
            entryOf={(one) => one}
            chosen={offered.value[at.value]?.id ?? ""}
            onChoose={choosePlace}
          >
            {(one) => (
              <>
                <bdi>{one.name}</bdi> <span class="about">{[one.title, one.where].filter(Boolean).join(" · ")}</span>
              </>
            )}
          </Options>
        </>
      )}
      {placeName.value && !call.place.value && current !== "place" && (
        <p class="warn">{t("code.place.unknown", { place: placeName.value })}</p>
      )}
      {["confirm", "sending", "running", "refused"].includes(current) && (
        <div id="code-says" class="readback" tabIndex={-1} role="group" aria-label={t("code.says")}>
          <p>
            {t("code.says")}
            <br />
            <strong class="sentence">
              {drill.value && "DRILL "}
              {sentence.value}
            </strong>
          </p>
          {drill.value && <p class="drillmark">{t("code.drill.on")}</p>}
          <WillPage />
        </div>
      )}
      {current === "running" && <Running />}
      {current === "refused" && (
        <p class="bad" role="alert">
          {t("board.refused", { why: refusal.value.why })}
        </p>
      )}
      {current === "sending" && <Late />}
      <p class="acts">
        {current === "confirm" && (
          <button type="button" class="danger" onClick={() => void sendCall()}>
            <kbd>Ctrl+Enter</kbd> {t(drill.value ? "code.drill" : "code.live")}
          </button>
        )}
        {current === "running" && (
          <>
            <button type="button" class="first" onClick={() => void sendCall("add")}>
              <kbd>Ctrl+Enter</kbd> {t("code.running.add")}
            </button>
            <button type="button" onClick={() => void sendCall("force")}>
              {t("code.running.force")}
            </button>
          </>
        )}
        {(current === "type" || current === "confirm") && (
          <button type="button" onClick={toggle}>
            <kbd>D</kbd> {t(drill.value ? "code.live.on" : "code.drill.off")}
          </button>
        )}
        <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>
          <kbd>Esc</kbd> {t("code.cancel")}
        </button>
      </p>
    </dialog>
  );
}

function WillPage() {
  const told = trial.value;
  if (told === null) return <p class="quiet">{t("page.who.asking")}</p>;
  if ("why" in told) return <p class="warn">{told.away ? t("code.pages.away") : told.why}</p>;
  const lost = told.recipients.filter((one) => one.reach === "none");
  const reachable = told.recipient_count - lost.length;
  return (
    <p>
      {t("code.pages")}: <strong>{t("code.pages.count", { n: told.recipient_count, reachable })}</strong>
      {lost.length > 0 && (
        <span class="bad"> {t("code.pages.none", { who: lost.map((one) => one.name).join(", ") })}</span>
      )}
      <br />
      <span class="quiet">{told.recipients.map((one) => one.name).join(", ")}</span>
    </p>
  );
}

/** The same call runs already. */
function Running() {
  const already = runningCall.value;
  return (
    <div class="warn" role="alert">
      <strong>{t("code.running.title")}</strong>
      <p>
        {already
          ? t("code.running.ask", {
              type: call.type.value?.name ?? "",
              place: placeName.value,
              time: time(already.at),
            })
          : refusal.value.why}
      </p>
    </div>
  );
}

/** Nobody has answered: somebody must take the telephone. */
function Late() {
  const late = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      late.value = true;
    }, LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late.value) return <p role="status">{t("board.waiting")}</p>;
  return (
    <p class="bad" role="alert">
      {t("code.notsent")} <a href="/sheets/call-down">{t("away.sheet")}</a>
    </p>
  );
}
