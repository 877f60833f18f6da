/**
 * Makes the device heard: tones by Web Audio, as often as the site says, until somebody answers.
 *
 * The rhythms are those of alarm priorities (ten, three, two pulses); the timbre is not a bedside monitor's, so that
 * nobody looks at the wrong device. A browser plays nothing before the person has tapped once: `sound` says whether.
 */

import { effect, signal, untracked } from "@preact/signals";
import { PRIORITIES, type Priority } from "../core/device/frames";
import { priorityOf } from "../core/device/rows";
import { client, ringing, tones } from "./state";

export const sound = signal<"on" | "blocked">("blocked");

export type Tone = "alarm" | "urgent" | "chime" | "soft" | "silent";

interface Pattern {
  /** When pulses begin, in seconds. */
  at: number[];
  length: number;
  hertz: number[];
  loud: number;
}

const TEN = [0, 0.2, 0.4, 0.75, 0.95, 1.6, 1.8, 2.0, 2.35, 2.55];
export const PATTERNS: Record<Exclude<Tone, "silent">, Pattern> = {
  alarm: { at: TEN, length: 0.14, hertz: [740, 932], loud: 0.9 },
  urgent: { at: TEN, length: 0.12, hertz: [622], loud: 0.7 },
  chime: { at: [0, 0.26, 0.52], length: 0.18, hertz: [523], loud: 0.5 },
  soft: { at: [0, 0.3], length: 0.2, hertz: [440], loud: 0.3 },
};
const DEFAULTS: Record<Priority, Tone> = { code: "alarm", high: "urgent", medium: "chime", low: "soft" };
const REPEAT_S: Record<Priority, number> = { code: 5, high: 15, medium: 60, low: 0 };

let context: AudioContext | null = null;

/** Called by any tap: the browser then lets us be heard. */
export async function unlock(): Promise<void> {
  try {
    context ??= new AudioContext();
    context.onstatechange = show;
    if (context.state !== "running") await context.resume();
  } catch {
    // No audio on this device: it stays "blocked", and says so.
  }
  show();
}

function show(): void {
  sound.value = context?.state === "running" ? "on" : "blocked";
}

for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => void unlock(), { passive: true });

/**
 * What a person may choose for a priority. Silent is none of them: of quiet hours the site must know, or it waits for
 * somebody who hears nothing.
 */
export function offered(priority: Priority): Tone[] {
  const loud: Tone[] = ["alarm", "urgent"];
  return priority === "code" || priority === "high" ? loud : [...loud, "chime", "soft"];
}

/** Which tone a priority has on this device: what the site has locked, else the person's choice, else the site's. */
export function toneOf(priority: Priority): Tone {
  const settings = client.value?.kept.settings.value;
  const chosen = tones.value[priority] as Tone | undefined;
  if (chosen && offered(priority).includes(chosen) && !settings?.locked?.includes(`tone.${priority}`)) return chosen;
  return (settings?.values[`tone.${priority}`] as Tone | undefined) ?? DEFAULTS[priority];
}

/** How many seconds later a priority rings again; 0 = it does not. */
export function repeatOf(priority: Priority): number {
  return Number(client.value?.kept.settings.value.values[`repeat_s.${priority}`] ?? REPEAT_S[priority]);
}

export function play(tone: Tone): void {
  if (tone === "silent" || context?.state !== "running") return;
  const pattern = PATTERNS[tone];
  const begin = context.currentTime + 0.02;
  pattern.at.forEach((at, index) => {
    for (const [nth, share] of [1, 0.4, 0.2, 0.1].entries()) {
      pulse(
        begin + at,
        pattern.length,
        (pattern.hertz[index % pattern.hertz.length] ?? 440) * (nth + 1),
        pattern.loud * share,
      );
    }
  });
}

function pulse(at: number, length: number, hertz: number, loud: number): void {
  if (context === null) return;
  const oscillator = new OscillatorNode(context, { type: "sine", frequency: hertz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loud / 2, at + 0.01);
  gain.gain.setValueAtTime(loud / 2, at + length - 0.02);
  gain.gain.linearRampToValueAtTime(0, at + length);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + length);
}

// Ringing -------------------------------------------------------------------------------------------------------

let again: ReturnType<typeof setTimeout> | undefined;
let heard = new Set<string>();

/** Ring for the most urgent message; a new one at once, the same again after the site's interval. */
export function listen(): void {
  effect(() => {
    const rings = ringing.value;
    const leads = client.value?.leads.value ?? false;
    const fresh = rings.some((row) => !heard.has(row.id));
    heard = new Set(rings.map((row) => row.id));
    if (rings.length === 0 || !leads) clearTimeout(again);
    else if (fresh) ring();
  });
}

function ring(): void {
  clearTimeout(again);
  const priority = PRIORITIES.find((one) => ringing.peek().some((row) => priorityOf(row) === one));
  if (priority === undefined) return;
  play(untracked(() => toneOf(priority)));
  if (priority !== "low") navigator.vibrate?.(priority === "medium" ? [200, 200, 200] : [400, 150, 400, 150, 400]);
  const repeatS = untracked(() => repeatOf(priority));
  if (repeatS > 0) again = setTimeout(ring, repeatS * 1_000);
}
