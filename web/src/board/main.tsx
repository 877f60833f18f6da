/** A board on a wall: what runs at a unit, who has it, since when. It needs no hand once it is set up. */

import "../ui/tokens.css";
import "../ui/base.css";
import "./board.css";
import { signal } from "@preact/signals";
import { render } from "preact";
import { Device } from "../core/device/device";
import type { Card } from "../core/device/session";
import { edge, isNewer } from "../core/own";
import { Database } from "../core/store/database";
import { Board } from "./board";
import { Deaf } from "./deaf";
import { Ended, Enrol, Refused } from "./faces";
import { clear, link, refused, type Setting, setting, take, tick } from "./state";
import { t } from "./words";

/** Its own: the same browser may be somebody's phone as well. */
const database = new Database("wardwire-board");
const card = signal<Card | null | undefined>(null);
const ended = signal("");
const broken = signal(false);
const RELOAD_MS = 3_600_000;
let device: Device | null = null;

function App() {
  if (broken.value)
    return (
      <main class="face">
        <p role="alert">{t("error.storage")}</p>
      </main>
    );
  if (ended.value) return <Ended why={ended.value} again={() => void forget()} />;
  if (card.value === undefined)
    return <Enrol database={database} enrolled={(made, chosen) => void begin(made, chosen)} />;
  if (refused.value) return <Refused frame={refused.value} again={() => watch()} anew={() => void forget()} />;
  return <Board name={card.value?.name ?? ""} />;
}

async function begin(made: Card, chosen: Setting): Promise<void> {
  await database.put("state", "board", chosen);
  setting.value = chosen;
  card.value = made;
  device = new Device(made, new Deaf(), {
    url: edge(),
    app: "web-board/1",
    receipts: false,
    onLink: (state) => {
      link.value = state;
      if (state === "live") void renew();
    },
    onEnd: (why) => {
      ended.value = why;
    },
    onTrouble: () => undefined,
  });
  device.start();
  watch();
  const lock = (): void => void navigator.wakeLock?.request("screen").catch(() => undefined);
  lock();
  document.addEventListener("visibilitychange", lock);
}

function watch(): void {
  refused.value = null;
  clear();
  device?.watch(setting.value.place, (view, frame) => {
    if (frame) refused.value = frame;
    else take(view);
  });
}

/** Nobody stands here to reload the page: a newer one is taken by itself. */
async function renew(): Promise<void> {
  // Away: the next time.
  if (await isNewer(location.pathname, "board").catch(() => false)) location.reload();
}

async function forget(): Promise<void> {
  if (ended.value !== "session_replaced") await database.wipe();
  location.hash = "";
  location.reload();
}

async function start(): Promise<void> {
  try {
    const chosen = await database.get<Setting>("state", "board");
    const kept = await database.get<Card>("device", "card");
    if (kept && !location.hash.startsWith("#enrol=")) await begin(kept, chosen ?? setting.value);
    else card.value = undefined;
  } catch {
    broken.value = true;
  }
}

setInterval(tick, 1_000);
setInterval(() => void renew(), RELOAD_MS);
tick();
const root = document.getElementById("app");
if (root) render(<App />, root);
void start();
