/** The operator console: one field, three panes, and every deed by a key. */

import "../ui/tokens.css";
import "../ui/base.css";
import "./console.css";
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { waits } from "../core/device/outbox";
import { type Over, placeOf } from "../core/enrol";
import { time } from "../core/i18n";
import { ask, signedOut } from "../core/rest";
import { sound } from "../core/tones";
import { begin as beginAlarms } from "./alarms";
import { awaySince, begin as beginAway, outage } from "./away";
import { loadTypes, open as openCode, takeCaller } from "./calls";
import { pageTo } from "./compose";
import { begin as beginDesk, confirm as confirmDesk, offered, openDesk } from "./desk";
import { begin as beginDevice, codeOfLink } from "./device";
import { keepDial, loadDial, useDial } from "./dial";
import { forget } from "./find/finder";
import { forgetSheets, begin as keepPages } from "./keep";
import { begin as beginLog, openLog } from "./log";
import { begin as beginOnCall, openSheet } from "./oncall";
import { enter as enterPaper, openPaper } from "./paper";
import { begin as beginRinging } from "./ring";
import { begin as beginSearch, command } from "./search";
import { isAway } from "./site";
import { chosen, client, database, foreign, loadPreferences, notice, operator, outbox, pane } from "./state";
import { focusAlarms } from "./views/alarms";
import { Board, nextFailing } from "./views/board";
import { CodeCall } from "./views/code";
import { Desk } from "./views/desk";
import { callChosen, Detail } from "./views/detail";
import { Ended, Enrol, Locked, SignIn } from "./views/door";
import { KeyBar, KeyMap, openKeys } from "./views/keys";
import { Log } from "./views/log";
import { focusOmnibox, Omnibox, Results } from "./views/omnibox";
import { OnCallSheet } from "./views/oncall";
import { Page, sendPage } from "./views/page";
import { Paper } from "./views/paper";
import { askClear, Running } from "./views/running";
import { beginStatus, Status, setStatus } from "./views/status";
import { t } from "./words";

const over = signal<Over | null>(null);
const broken = signal(false);
const away = signal(false);

function App() {
  const current = client.value;
  const why = current?.ended.value;
  if (broken.value)
    return (
      <main class="door">
        <p class="bad" role="alert">
          {t("error.storage")}
        </p>
      </main>
    );
  if (over.value || why) return <Ended why={over.value?.why ?? why ?? ""} unsent={over.value?.unsent ?? 0} />;
  if (signedOut.value) return <SignIn away={false} />;
  if (current === null || (operator.value === "" && !away.value))
    return (
      <main class="door">
        <p role="status">{t("loading")}</p>
      </main>
    );
  if (current === undefined) return away.value ? <SignIn away /> : <Enrol />;
  if (current.locked.value) return <Locked />;
  return <Console />;
}

function Console() {
  useEffect(focusOmnibox, []);
  return (
    <>
      <Head />
      <Running />
      <main class="panes">
        <h1 class="hidden">{t("title")}</h1>
        <Results />
        <Middle />
        <Board />
      </main>
      <KeyBar
        keys={[
          { key: "F2", label: "keys.code", run: () => openCode() },
          { key: "F4", label: "keys.call", run: callChosen },
          { key: "F8", label: "keys.oncall", run: () => openSheet() },
          { key: "F9", label: "keys.log", run: () => openLog() },
          { key: "Alt+A", label: "alarms.title", run: focusAlarms },
          { key: "Alt+H", label: "desk.title", run: openDesk },
          { key: "Ctrl+K", label: "keys.search", run: focusOmnibox },
          { key: "Ctrl+.", label: "keys.next", run: nextFailing },
          { key: "?", label: "keys.title", run: openKeys },
        ]}
      />
      <KeyMap />
      <CodeCall />
    </>
  );
}

function Middle() {
  if (pane.value === "page") return <Page />;
  if (pane.value === "status") return <Status />;
  if (pane.value === "log") return <Log />;
  if (pane.value === "desk") return <Desk />;
  if (pane.value === "paper") return <Paper />;
  if (pane.value === "oncall") return <OnCallSheet />;
  return <Detail />;
}

function Head() {
  const current = client.value;
  const { link, since } = current?.link.value ?? { link: "connecting" as const, since: 0 };
  const unsent = outbox.value.filter(waits).length;
  return (
    <header class="head">
      <div class="first-row">
        <Omnibox onEnter={enter} />
        <div class="states">
          <span>{t("head.operator", { name: current?.card.name ?? "" })}</span>
          <span class={`link ${link}`} role="status">
            {t(`link.${link}`)}
          </span>
          <span class={sound.value === "on" ? "" : "warn"}>{t(`sound.${sound.value}`)}</span>
          {unsent > 0 && <span class="warn">{t("waiting", { n: unsent })}</span>}
          <form method="post" action="/logout" onSubmit={forgetAll}>
            <button type="submit">{t("signout")}</button>
          </form>
        </div>
      </div>
      {foreign.value && (
        <p class="bad" role="alert">
          {t("other", { device: current?.card.name ?? "" })}
        </p>
      )}
      {(link === "away" || link === "refused") && (
        <p class="stale" role="alert">
          {t("away", { time: time(awaySince.value || since) })} <a href="/sheets/call-down">{t("away.sheet")}</a>
        </p>
      )}
      {offered.value.map((one) => (
        <p key={one.id} class="stale" role="alert">
          {t("desk.offer", { who: one.giver.name ?? "", time: time(Date.parse(one.made_at)) })}{" "}
          <button type="button" onClick={openDesk}>
            <kbd>Alt+H</kbd> {t("desk.look")}
          </button>
        </p>
      ))}
      {outage.value && (
        <p class="stale" role="status">
          {t("paper.offer", { from: time(outage.value.from), to: time(outage.value.to) })}{" "}
          <button type="button" onClick={openPaper}>
            <kbd>Alt+P</kbd> {t("paper.title")}
          </button>{" "}
          <button
            type="button"
            onClick={() => {
              outage.value = null;
            }}
          >
            {t("paper.none")}
          </button>
        </p>
      )}
      {current?.trouble.value && (
        <p class="bad" role="alert">
          {t("error.storage")}
        </p>
      )}
      <p class={`notice ${notice.value.bad ? "bad" : ""}`} role="status">
        {notice.value.text}
      </p>
    </header>
  );
}

/** Whoever signs out leaves neither numbers nor the directory behind. */
function forgetAll(): void {
  forget();
  void forgetSheets();
}

/** What Enter does depends on what was typed. */
function enter(): void {
  const it = command.value;
  const entry = chosen.value;
  if (it.do === "page" && entry) pageTo(entry, it.text);
  else if (it.do === "code") openCode(it.type, it.place);
  else if (it.do === "trace") openLog(it.query);
  else if (it.do === "status" && entry?.kind === "person") beginStatus(entry, it.status, it.until, it.cover);
  else if (it.do === "find" && entry && entry.kind !== "place") pageTo(entry);
}

function confirm(): void {
  if (pane.value === "page") void sendPage();
  else if (pane.value === "status") void setStatus();
  else if (pane.value === "desk") void confirmDesk();
  else if (pane.value === "paper") void enterPaper();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select");

function onKey(event: KeyboardEvent): void {
  if (!client.peek() || event.isComposing || document.querySelector("dialog[open]")) return;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (event.key === "Escape" || (event.ctrlKey && event.key.toLowerCase() === "k")) {
    if (event.key === "Escape" && document.activeElement?.id === "omnibox") pane.value = "detail";
    focusOmnibox();
  } else if (event.ctrlKey && event.key === "Enter") confirm();
  else if (event.ctrlKey && event.key === ".") nextFailing();
  else if (event.key === "F2") openCode();
  else if (event.key === "F7") askClear();
  else if (event.key === "F8") openSheet();
  else if (event.key === "F9") openLog();
  else if (event.key === "F4" && !event.altKey) callChosen();
  else if (event.altKey && !event.ctrlKey && event.code === "KeyA") focusAlarms();
  else if (event.altKey && !event.ctrlKey && event.code === "KeyH") openDesk();
  else if (event.altKey && !event.ctrlKey && event.code === "KeyP") openPaper();
  else if (event.altKey && !event.ctrlKey && digit) event.shiftKey ? keepDial(Number(digit)) : useDial(Number(digit));
  else if (event.key === "?" && !isTyping(event.target)) openKeys();
  else return;
  event.preventDefault();
}

async function start(): Promise<void> {
  await loadPreferences();
  try {
    const { ended, card } = await placeOf(database, codeOfLink());
    over.value = ended;
    if (ended) return;
    if (card) await beginDevice(card);
    else client.value = undefined;
  } catch {
    broken.value = true;
    return;
  }
  await beginAway();
  await loadDial();
  await whoAmI();
  beginSearch();
  beginAlarms();
  beginRinging();
  beginLog();
  await beginOnCall();
  await beginDesk();
  keepPages();
  void loadTypes();
  takeCaller();
}

/** Ask who is signed in; while the site is away the console goes on with what it has. */
async function whoAmI(): Promise<void> {
  try {
    operator.value = (await ask("GET /v1/account")).person;
    away.value = false;
  } catch (error) {
    away.value = isAway(error);
  }
}

addEventListener("keydown", onKey);
addEventListener("hashchange", takeCaller);
const root = document.getElementById("app");
if (root) render(<App />, root);
void start();
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
