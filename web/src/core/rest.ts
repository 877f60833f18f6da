/**
 * The HTTP API, typed by our OpenAPI (generated/api.ts): same origin, signed in by the browser's cookie.
 *
 *     const page = await ask("GET /v1/people", { query: { limit: 100 } });
 *
 * What the server refuses is a `Refused` with its code; what had no answer is an `Unreachable`: then a change may have
 * been made or not, and is repeated with the same Idempotency-Key.
 */

import { signal } from "@preact/signals";
import { newId } from "./bytes";
import type { Api, Problem } from "./generated/api";
import { language } from "./i18n/language";

export type Way = keyof Api;
export type Answer<W extends Way> = Api[W]["answer"];
type Listing = { [W in Way]: Answer<W> extends { data: unknown[]; next: string | null } ? W : never }[Way];
export type Line<W extends Listing> = Answer<W> extends { data: (infer One)[] } ? One : never;

/** What an operation takes: `path`, `query` and `body` as its description has them. */
export type Asked<W extends Way> = Omit<Api[W], "answer" | "again" | "guarded"> &
  (Api[W] extends { again: true } ? { /** The same for each repeat of one change. */ key?: string } : unknown) &
  (Api[W] extends { guarded: true }
    ? { /** The ETag that the change was decided on. */ match?: string }
    : unknown) & {
    signal?: AbortSignal;
    timeoutMs?: number;
  };
// Without anything that must be given, nothing need be.
type Given<W extends Way> = Partial<Asked<W>> extends Asked<W> ? [asked?: Asked<W>] : [asked: Asked<W>];

const TIMEOUT_MS = 15_000;

/** The server said why not. Programs go by `code`; `detail` is in English, for people who look closer. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = "Refused";
  }
  get code(): string {
    return this.problem.code;
  }
  get status(): number {
    return this.problem.status;
  }
  /** What is wrong with a field of the body (`/name`) or a parameter (`limit`); "" = nothing. */
  fault(place: string): string {
    const found = this.problem.errors?.find((one) => one.pointer === place || one.parameter === place);
    return found?.detail ?? "";
  }
}

/** Nothing of ours answered: no network, too slow, or a page of somebody else's. */
export class Unreachable extends Error {
  constructor(readonly why: "network" | "timeout" | "foreign") {
    super(why);
    this.name = "Unreachable";
  }
}

/** Whether the server has said that nobody is signed in here (any more). */
export const signedOut = signal(false);

/** Ask for something, or change it. Throws Refused, Unreachable, or the signal's own reason. */
export async function ask<W extends Way>(way: W, ...given: Given<W>): Promise<Answer<W>> {
  return (await askTagged(way, ...given)).answer;
}

/** The same, and the ETag of what was answered: for `match` of a later change. */
export async function askTagged<W extends Way>(
  way: W,
  ...given: Given<W>
): Promise<{ answer: Answer<W>; etag: string }> {
  const asked = (given[0] ?? {}) as Loose;
  const [method = "GET", path = ""] = way.split(" ");
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language.value };
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store", redirect: "error" };
  if (asked.body !== undefined) {
    init.body = JSON.stringify(asked.body);
    headers["Content-Type"] = "application/json";
  }
  if (method !== "GET") headers["X-Wardwire"] = "1"; // no page of somebody else's can send it
  if (method === "POST") headers["Idempotency-Key"] = asked.key ?? newId();
  if (asked.match) headers["If-Match"] = asked.match;
  const response = await reach(addressOf(path, asked), init, asked);
  const etag = response.headers.get("ETag") ?? "";
  if (response.ok) return { answer: await read<Answer<W>>(response), etag };
  const problem = await read<Problem>(response);
  if (response.status === 401) signedOut.value = true;
  throw new Refused(problem);
}

/** Every line of a list, page by page; it stops when the caller does. */
export async function* each<W extends Listing>(way: W, ...given: Given<W>): AsyncGenerator<Line<W>> {
  const asked = (given[0] ?? {}) as Loose;
  for (let after: string | null | undefined; after !== null; ) {
    const query = { ...asked.query, limit: 200, ...(after ? { after } : {}) };
    const page = (await ask(way, ...([{ ...asked, query }] as unknown as Given<W>))) as {
      data: Line<W>[];
      next: string | null;
    };
    yield* page.data;
    after = page.next;
  }
}

type Value = string | number | boolean | null | undefined;
interface Loose {
  path?: Record<string, string>;
  query?: Record<string, Value>;
  body?: unknown;
  key?: string;
  match?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** Where an operation is: its path filled in, with its query. */
export function addressOf(path: string, { path: names, query }: Pick<Loose, "path" | "query">): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names?.[name] ?? ""));
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)]],
  );
  return pairs.length ? `${filled}?${new URLSearchParams(pairs)}` : filled;
}

async function reach(address: string, init: RequestInit, asked: Loose): Promise<Response> {
  const late = AbortSignal.timeout(asked.timeoutMs ?? TIMEOUT_MS);
  init.signal = asked.signal ? AbortSignal.any([asked.signal, late]) : late;
  try {
    return await fetch(address, init);
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Unreachable(late.aborted ? "timeout" : "network");
  }
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return null as T;
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.startsWith("application/json") && !kind.startsWith("application/problem+json"))
    throw new Unreachable("foreign");
  try {
    return (await response.json()) as T;
  } catch {
    throw new Unreachable("network"); // cut off in the middle
  }
}
