/** Says to people why the site has not done something, with its remedy. */

import { Refused, Unreachable } from "../../rest";
import { words } from "../language";
import { de } from "./de";
import { en, type Key } from "./en";

const { t, isKey } = words<Key>({ en, de });

export function sayRefused(error: unknown): string {
  if (error instanceof Unreachable) return t(error.why);
  if (!(error instanceof Refused)) return error instanceof Error ? error.message : String(error);
  return sayCode(error.code, error.problem.detail);
}

/** The same of a code of the device protocol. */
export const sayCode = (code: string, detail = ""): string =>
  t(isKey(code) ? code : "other", { detail: detail || code });
