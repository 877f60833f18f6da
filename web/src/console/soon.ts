/** Does something soon after it was asked for, and once however often that was. */

const PAUSE_MS = 1_000;

export function soon(work: () => void): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      work();
    }, PAUSE_MS);
  };
}
