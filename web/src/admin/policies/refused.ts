/** Why a draft is not published, in words, with what to do about it. */

import { Refused } from "../../core/rest";
import { say } from "../parts/faces";
import { isKey, t } from "./words";

export function sayRefused(error: unknown): string {
  const key = error instanceof Refused ? `refused.${error.code}` : "";
  return isKey(key) && error instanceof Refused ? t(key, { detail: error.problem.detail }) : say(error);
}

/** What is wrong with a part of a draft: `/steps/0`, and whatever lies in it. */
export function faultOf(error: unknown, place: string): string {
  if (!(error instanceof Refused)) return "";
  const found = error.problem.errors?.find(({ pointer }) => pointer === place || pointer?.startsWith(`${place}/`));
  return found?.detail ?? "";
}
