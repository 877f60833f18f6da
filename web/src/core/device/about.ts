/** What this device is, as far as a browser tells: to be shown to those who look after devices. */

import type { AboutFrame } from "../generated/frames";

const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export function about(app: string, agent: string = navigator.userAgent): AboutFrame {
  const os = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
  const kind = /iPad|Tablet/.test(agent) ? "tablet" : /Mobi/.test(agent) ? "phone" : "computer";
  return { t: "about", kind, platform: "web", os, app };
}
