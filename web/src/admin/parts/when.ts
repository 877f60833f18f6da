/** Instants as fields of a form have them: by this device's wall, to the minute, without a zone. */

/** `2026-11-24T07:30`, for a field of type `datetime-local`. */
export function writeLocal(instant: number | string): string {
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant that a field says, RFC 3339; undefined where it says none. */
export function readLocal(typed: string): string | undefined {
  return typed ? new Date(typed).toISOString() : undefined;
}
