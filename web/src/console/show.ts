/** Shows other fields and puts the keys into one of them before the next key comes: a fast hand loses no letter. */

import { batch } from "@preact/signals";
import { options } from "preact";

export function showAndFocus(change: () => void, field: string): void {
  const before = options.debounceRendering;
  options.debounceRendering = (draw) => draw();
  try {
    batch(change);
  } finally {
    if (before) options.debounceRendering = before;
    else delete options.debounceRendering;
  }
  document.getElementById(field)?.focus();
}
