/** Says a priority by word, shape, stars and colour; never by colour alone. */

import { isKey, t } from "../words";

const OCTAGON = "M5 1h6l4 4v6l-4 4H5l-4-4V5z";
const LOOKS: Record<string, { stars: string; shape: string }> = {
  code: { stars: "***", shape: OCTAGON },
  high: { stars: "***", shape: OCTAGON },
  medium: { stars: "**", shape: "M8 1.5 15.2 14.5H.8z" },
  low: { stars: "*", shape: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z" },
};

export function Tag({ priority }: { priority: string }) {
  const looks = LOOKS[priority];
  const key = `priority.${priority}`;
  if (!looks || !isKey(key)) return <>{priority}</>;
  return (
    <span class={`tag ${priority}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={looks.shape} />
      </svg>
      <span aria-hidden="true">{looks.stars}</span> {t(key)}
    </span>
  );
}
