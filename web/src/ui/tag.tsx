/** A priority by word, shape, stars and colour; never by colour alone. */

import type { Priority } from "../core/device/frames";

const STARS: Record<Priority, string> = { code: "***", high: "***", medium: "**", low: "*" };
const OCTAGON = "M5 1h6l4 4v6l-4 4H5l-4-4V5z";
const SHAPE: Record<Priority, string> = {
  code: OCTAGON,
  high: OCTAGON,
  medium: "M8 1.5 15.2 14.5H.8z",
  low: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z",
};

/** `word` is the priority in the words of the page. */
export function PriorityTag({ priority, word }: { priority: Priority; word: string }) {
  return (
    <span class={`tag ${priority}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPE[priority]} />
      </svg>
      <span aria-hidden="true">{STARS[priority]}</span> {word}
    </span>
  );
}
