/** Lets tests/web/test_find.py ask the console's own index what it asks the site's, and how long that takes. */

import { nextTime, readCommand } from "../src/console/commands";
import { type Entry, Index } from "../src/console/find/index";
import { soundOf, wordsOf } from "../src/console/find/words";

const index = new Index();
const GIVEN = "Anna Ben Chen Dora Eva Frank Grace Heidi Ivan Jürgen Zoë O'Hara Łukasz".split(" ");
const BEGINS = "Mei Schmid Okaf Hans Vog Thiel Phil Baum Kraus Lie Müll Ødeg Chr".split(" ");
const ENDS = "son mann ovic berg feld ski ez i ari wick ton ley".split(" ");
const TITLES = ["cardiologist", "nurse", "surgeon", "porter", "radiologist"];
const WARDS = ["4 West", "4 East", "Emergency", "Cardiology", "Laboratory"];

Object.assign(window, {
  put: (entries: Entry[]) => {
    for (const entry of entries) index.put(entry);
    index.settle();
    return index.size;
  },
  /** Take in a house of so many people, as no hospital has them: of few names, so that each leads to many. */
  fill: (count: number) => {
    const of = (list: string[], n: number): string => list[n % list.length] as string;
    for (let n = 0; n < count; n++)
      index.put({
        kind: "person",
        id: `per_${n}`,
        name: `${of(GIVEN, n)} ${of(BEGINS, n >> 4)}${of(ENDS, n >> 8)}${of(ENDS, n * 7)}${of(BEGINS, n >> 3).toLowerCase()}`,
        title: of(TITLES, n),
        where: of(WARDS, n >> 2),
        numbers: [String(1_000 + n)],
      });
    index.settle();
    return index.size;
  },
  call: (ids: string[]) => index.call(new Set(ids)),
  find: (queries: string[]) => queries.map((query) => index.search(query).map((entry) => entry.id)),
  /** Milliseconds of each keystroke of each query. */
  time: (queries: string[]) =>
    queries.flatMap((query) =>
      [...query].map((_, at) => {
        const begun = performance.now();
        index.search(query.slice(0, at + 1));
        return performance.now() - begun;
      }),
    ),
  words: (texts: string[]) => texts.map((text) => wordsOf(text).map((word) => [word, soundOf(word)])),
  commands: (typed: string[]) => typed.map(readCommand),
  minutesTo: (written: string, now: number) => {
    const at = nextTime(written, now);
    return at === null ? null : Math.round((at.getTime() - now) / 60_000);
  },
  ready: true,
});
