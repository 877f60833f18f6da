/** What the site stands on, drawn from left to right as messages go: boxes, each with its state as a word. */

import type { SiteOut } from "../../core/generated/api";
import { isKey, t } from "./words";

interface Box {
  name: string;
  state: string;
  bad: boolean;
}

const word = (state: string): string => {
  const key = `state.${state}`;
  return isKey(key) ? t(key) : t("state.unknown");
};

function columnsOf(site: SiteOut): Box[][] {
  const { look } = site;
  const doors = look.doors.map((door) => ({ name: door.name, state: word(door.state), bad: door.state !== "open" }));
  const cores = site.cores
    .filter((core) => core.state !== "ended")
    .map((core) => ({ name: core.name, state: word(core.state), bad: core.state !== "heard" }));
  const canary = look.canary ? word(`canary.${look.canary}`) : t("state.way", { n: site.devices.registered });
  return [
    doors.length ? doors : [{ name: t("site.listeners"), state: t("site.none"), bad: false }],
    cores,
    [
      { name: t("site.database"), state: word(look.durability || "unknown"), bad: !site.serving },
      { name: t("site.devices"), state: canary, bad: look.canary === "late" },
    ],
  ];
}

const WIDE = 210;
const HIGH = 52;
const GAP = 60;

export function Topology({ site }: { site: SiteOut }) {
  const columns = columnsOf(site);
  const most = Math.max(...columns.map((column) => column.length));
  const height = most * (HIGH + 12);
  const top = (column: Box[], nth: number): number => ((nth + 0.5) * height) / column.length - HIGH / 2;
  const told = columns.flat().map((box) => `${box.name}: ${box.state}`);
  return (
    <>
      <svg
        class="topology"
        viewBox={`0 0 ${3 * WIDE + 2 * GAP} ${height}`}
        role="img"
        aria-label={`${t("site.about")} ${told.join("; ")}`}
      >
        {columns
          .slice(1)
          .map((column, nth) =>
            column.map((box, at) =>
              (columns[nth] ?? []).map((before, from) => (
                <path
                  key={`${before.name} ${box.name}`}
                  d={`M${nth * (WIDE + GAP) + WIDE} ${top(columns[nth] ?? [], from) + HIGH / 2} L${(nth + 1) * (WIDE + GAP)} ${top(column, at) + HIGH / 2}`}
                />
              )),
            ),
          )}
        {columns.map((column, nth) =>
          column.map((box, at) => (
            <g
              key={box.name}
              class={box.bad ? "bad" : undefined}
              transform={`translate(${nth * (WIDE + GAP)} ${top(column, at)})`}
            >
              <rect width={WIDE} height={HIGH} rx="6" />
              <text x="10" y="21" class="name">
                {cut(box.name)}
              </text>
              <text x="10" y="40">
                {cut(box.state)}
              </text>
            </g>
          )),
        )}
      </svg>
      <ul class="hidden">
        {told.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </>
  );
}

const cut = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text);
