/** The board with a feed of its own making: many alerts, of which some change all the time. */

import "../src/ui/tokens.css";
import "../src/ui/base.css";
import "../src/board/board.css";
import { render } from "preact";
import { Board } from "../src/board/board";
import { link, rows, setting, take, tick } from "../src/board/state";
import type { BoardRow, Rows } from "../src/core/device/frames";
import { View } from "../src/core/device/view";

const PRIORITIES = ["code", "high", "medium", "low"];
const LETTERS = ["S", "D", "R", "A", "X"];
const EVERY_MS = 250;

function row(nth: number, turn: number): BoardRow {
  const letter = LETTERS[(nth + turn) % LETTERS.length] ?? "S";
  return {
    message: `msg_${nth.toString(16).padStart(32, "0")}`,
    priority: PRIORITIES[nth % 97 === 0 ? 0 : 1 + (nth % 3)] ?? "low",
    state: turn % 2 ? "held" : "running",
    since: new Date(Date.now() - 1_000 * (nth % 3_600)).toISOString(),
    title: "Nurse call",
    unit: `${nth % 40} West`,
    bed: `Bed ${nth}`,
    holders: turn % 2 ? ["Dr. Chen"] : [],
    step: 1,
    steps: 3,
    round: 1,
    next: { at: new Date(Date.now() + 60_000).toISOString(), what: "step 2", who: ["Dr. Okafor"] },
    cells: ["Anna", "Ben", "Dr. Chen"].map((name) => ({ person: name, name, letter, state: "delivered" })),
  };
}

const view = new View("");
const id = view.ask(performance.now()).id;
let n = 0;
let told = 0;

function tell(changed: BoardRow[], whole: boolean): void {
  n += 1;
  const frame = JSON.stringify({ t: "rows", id, n, time: new Date().toISOString(), rows: changed, whole, ack: true });
  view.take(JSON.parse(frame) as Rows, performance.now());
  take(view);
  told += changed.length;
}

/** Show so many alerts, as a core sends them: page by page. */
async function fill(count: number): Promise<void> {
  for (let first = 0; first < count; first += 100) {
    tell(Array.from({ length: Math.min(100, count - first) }, (_, at) => row(first + at, 0)), first + 100 >= count);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Change so many a second for a while; says what the longest task was, and how many there were of 50 ms and more. */
async function run(perSecond: number, seconds: number): Promise<{ told: number; longest: number; long: number }> {
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ type: "longtask" });
  told = 0;
  const each = (perSecond * EVERY_MS) / 1_000;
  const all = rows.value.length;
  let at = 0;
  for (let turn = 1; turn <= (seconds * 1_000) / EVERY_MS; turn += 1) {
    const until = Math.round(turn * each);
    const changed: BoardRow[] = [];
    for (; at < until; at += 1) changed.push(row((at * 7_919) % all, turn));
    tell(changed, true);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  observer.disconnect();
  return { told, longest: Math.max(0, ...tasks), long: tasks.length };
}

let keys = 0;
addEventListener("keydown", () => {
  keys += 1;
});
Object.assign(window, { fill, run, keys: () => keys, live: () => rows.value.length });
link.value = "live";
setting.value = { place: "", theme: "dark" };
setInterval(tick, 1_000);
tick();
const root = document.getElementById("app");
if (root) render(<Board name="Board" />, root);
