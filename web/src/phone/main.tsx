/** The clinician's app: the frame around its views. */

import "../ui/tokens.css";
import "../ui/base.css";
import "../ui/app.css";
import { signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { waits } from "../core/device/outbox";
import { needsMe, priorityOf } from "../core/device/rows";
import { type Over, placeOf } from "../core/enrol";
import { type Key, t, time } from "../core/i18n";
import { isNewer } from "../core/own";
import { lockByTime, mustGuard } from "./lock";
import { announce } from "./notify";
import { sender } from "./parts/item";
import { keepPush } from "./push";
import { listen, sound, unlock } from "./sound";
import { client, database, go, loadPreferences, place, rows } from "./state";
import { CodeCall } from "./views/code";
import { Compose, keepDraft } from "./views/compose";
import { Directory } from "./views/directory";
import { begin, codeOfLink, Ended, Enrol, Welcome } from "./views/enrol";
import { Inbox } from "./views/inbox";
import { fetchLater, Later } from "./views/later";
import { Locked, MustGuard } from "./views/lock";
import { Message } from "./views/message";
import { StatusView } from "./views/status";

const over = signal<Over | null>(null);
const broken = signal(false);
const VIEWS: { view: string; label: Key; icon: string }[] = [
  { view: "inbox", label: "nav.inbox", icon: "M3 13l3-8h12l3 8v6H3zM3 13h5l2 3h4l2-3h5" },
  { view: "new", label: "nav.new", icon: "M4 20l1-5L16 4l4 4L9 19zM13 7l4 4" },
  {
    view: "directory",
    label: "nav.directory",
    icon: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
  },
  { view: "status", label: "nav.status", icon: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4 3.5-6 8-6s8 2 8 6" },
  { view: "more", label: "nav.more", icon: "M4 7h16M4 12h16M4 17h16" },
];

function App() {
  const current = client.value;
  const why = current?.ended.value;
  if (broken.value)
    return (
      <main class="enrol">
        <p class="trouble" role="alert">
          {t("error.storage")}
        </p>
      </main>
    );
  if (over.value || why)
    return <Ended why={over.value?.why ?? why ?? ""} unsent={over.value?.unsent ?? current?.unsent.value ?? 0} />;
  if (current === null)
    return (
      <main class="enrol">
        <p role="status">{t("inbox.loading")}</p>
      </main>
    );
  if (current === undefined) return <Enrol />;
  if (current.locked.value)
    return (
      <>
        <Head />
        <Locked />
      </>
    );
  if (place.value.view === "welcome") return <Welcome />;
  if (mustGuard.value)
    return (
      <>
        <Head />
        <MustGuard />
      </>
    );
  return (
    <>
      <Head />
      <View />
      <Bar />
    </>
  );
}

function Head() {
  const current = client.value;
  const { link, since } = current?.link.value ?? { link: "connecting", since: 0 };
  const trouble = current?.trouble.value;
  return (
    <header class="head">
      <div class="states">
        <strong>{current?.card.name}</strong>
        <span class={`link ${link}`} role="status">
          {t(`link.${link as "live"}`)}
        </span>
        <button
          type="button"
          class={`sound ${sound.value}`}
          onClick={() => void unlock()}
          title={sound.value === "on" ? "" : t("sound.why")}
        >
          {t(`sound.${sound.value}`)}
        </button>
      </div>
      {link === "refused" && (
        <p class="stale" role="alert">
          {t("link.refused.why", { n: current?.kept.outbox.value.filter(waits).length ?? 0 })}
        </p>
      )}
      {link === "away" && (
        <p class="stale" role="status">
          {t("link.stale", { time: time(since) })}
        </p>
      )}
      {current?.version.value && (
        <p class="stale" role="alert">
          {t(`version.${current.version.value}`)}{" "}
          <button type="button" onClick={() => location.reload()}>
            {t("update.now")}
          </button>
        </p>
      )}
      {trouble && (
        <p class="trouble" role="alert">
          {t("error.storage")}
        </p>
      )}
      <Update />
      <CodeBanner />
    </header>
  );
}

/** A call of priority code is seen from every view. */
function CodeBanner() {
  const code = rows.value.find((row) => priorityOf(row) === "code" && needsMe(row));
  if (!code || client.value?.locked.value || (place.value.view === "message" && place.value.id === code.id))
    return null;
  return (
    <button type="button" class="codebanner" onClick={() => go("message", code.id)}>
      {t("code.banner", { who: sender(code) })}
    </button>
  );
}

/** An app that was updated in mid-shift says so, and waits until it suits. */
function Update() {
  const ready = useSignal(false);
  const live = client.value?.link.value.link === "live";
  useEffect(() => {
    if (!live) return;
    void isNewer("/", "index")
      .then((newer) => {
        ready.value = newer;
      })
      .catch(() => undefined);
  }, [live]);
  if (!ready.value) return null;
  return (
    <p class="update" role="status">
      {t("update.ready")}{" "}
      <button type="button" onClick={() => location.reload()}>
        {t("update.now")}
      </button>
    </p>
  );
}

function View() {
  const { view, id } = place.value;
  if (view === "message") return <Message id={id} key={id} />;
  if (view === "new") return <Compose />;
  if (view === "code") return <CodeCall />;
  if (view === "directory") return <Directory />;
  if (view === "status") return <StatusView />;
  if (view === "more") return <Later />;
  return <Inbox />;
}

function Bar() {
  const at = { message: "inbox", code: "new" }[place.value.view] ?? place.value.view;
  return (
    <nav aria-label={t("nav.label")}>
      {VIEWS.map(({ view, label, icon }) => (
        <a key={view} href={`#/${view}`} aria-current={at === view ? "page" : undefined}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={icon} />
          </svg>
          <span>{t(label)}</span>
        </a>
      ))}
    </nav>
  );
}

async function start(): Promise<void> {
  await loadPreferences();
  try {
    const { ended, card } = await placeOf(database, codeOfLink());
    over.value = ended;
    if (ended) return;
    if (card) await begin(card);
    else client.value = undefined;
  } catch {
    broken.value = true;
  }
}

listen();
announce();
keepPush();
keepDraft();
lockByTime();
const root = document.getElementById("app");
if (root) render(<App />, root);
void start().then(fetchLater);
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
