/** Plays scripts of frames to our `Order`, for tests/web/test_order.py, which plays the same to the one in Python. */

import type { Condensed, Cursor, Event } from "../src/core/device/frames";
import { Order } from "../src/core/device/order";

type Step = { take: Event } | { condensed: Condensed } | { estranged: true };
type Told = { applied: [number, number][]; cursor: Cursor | null; behind: boolean };

function play(script: { cursor: Cursor | null; steps: Step[] }): Told[] {
  const order = new Order(script.cursor);
  return script.steps.map((step) => {
    let applied: Event[] = [];
    if ("take" in step) applied = order.take(step.take);
    else if ("condensed" in step) applied = order.condensed(step.condensed) ? order.drain() : [];
    else order.estranged = true;
    return { applied: applied.map((event) => [event.epoch, event.seq]), cursor: order.cursor, behind: order.behind };
  });
}

Object.assign(window, { playAll: (scripts: Parameters<typeof play>[0][]) => scripts.map(play), ready: true });
