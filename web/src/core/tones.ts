/**
 * Makes a browser heard: tones by Web Audio, as often as the site says, until somebody answers.
 *
 * The rhythms are those of alarm priorities (ten, three, two pulses); the timbre is not a bedside monitor's, so that
 * nobody looks at the wrong device. A browser plays nothing before the person has tapped once: `sound` says whether.
 */

import { effect, signal, untracked } from "@preact/signals";
import { PRIORITIES, type Priority } from "./device/frames";

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

/** Something that is to be heard until somebody has it. */
export interface Rings {
  id: string;
  priority: Priority;
}
type Settings = Record<string, unknown> | undefined;

/** Which tone a priority has by the settings of a device. */
export const toneOf = (priority: Priority, settings: Settings): Tone =>
  (settings?.[`tone.${priority}`] as Tone | undefined) ?? DEFAULTS[priority];

/** How many seconds later it rings again by them; 0 = it does not. */
export const repeatOf = (priority: Priority, settings: Settings): number =>
  Number(settings?.[`repeat_s.${priority}`] ?? REPEAT_S[priority]);

/**
 * Ring for the most urgent; a new one at once, the same again after its interval.
 *
 * What rings is asked for within an effect; `rung` is called each time that it does.
 */
export function listen(
  rings: () => readonly Rings[],
  tone: (priority: Priority) => Tone,
  repeatS: (priority: Priority) => number,
  rung: (priority: Priority) => void = () => undefined,
): void {
  let again: ReturnType<typeof setTimeout> | undefined;
  let now: readonly Rings[] = [];
  const ring = (): void => {
    clearTimeout(again);
    const priority = PRIORITIES.find((one) => now.some((it) => it.priority === one));
    if (priority === undefined) return;
    play(tone(priority));
    rung(priority);
    const wait = repeatS(priority);
    if (wait > 0) again = setTimeout(ring, wait * 1_000);
  };
  effect(() => {
    const heard = new Set(now.map((one) => one.id));
    now = rings();
    if (now.length === 0) clearTimeout(again);
    else if (now.some((one) => !heard.has(one.id))) untracked(ring);
  });
}
