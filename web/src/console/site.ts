/** What the console asks the site by HTTP, and what it makes of a no. */

import type { DryRun, Found, NewMessage, PersonOut, PolicyOut, RoleOut } from "../core/generated/api";
import { sayRefused } from "../core/i18n/refused";
import { ask, Refused, Unreachable } from "../core/rest";

export type { DryRun, Found, PersonOut, PolicyOut, RoleOut };
export { sayRefused as whyNot };

/** Say who would get a message, and keep nothing. Throws Refused, Unreachable. */
export async function tryMessage(body: NewMessage): Promise<DryRun> {
  return (await ask("POST /v1/messages", { query: { dry_run: true }, body })) as DryRun;
}

/** Whether nobody of the site's answered, rather than said no. */
export const isAway = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Refused && error.status >= 500);
