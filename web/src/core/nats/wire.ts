/**
 * The NATS client protocol as bytes: https://docs.nats.io/reference/reference-protocols/nats-protocol
 *
 * No I/O. A WebSocket message may hold a part of an operation, or several: `Reader` takes chunks as they come.
 */

import { type Bytes, concat, text, utf8 } from "../bytes";

export interface Info {
  server_id: string;
  client_id: number;
  max_payload: number;
  nonce?: string;
  headers?: boolean;
}

export interface Message {
  subject: string;
  sid: number;
  reply: string;
  /** The status of its header, 503 when nobody listens; 0 without one. */
  status: number;
  payload: Bytes;
}

export type Operation =
  | { op: "info"; info: Info }
  | { op: "message"; message: Message }
  | { op: "ping" }
  | { op: "pong" }
  | { op: "ok" }
  | { op: "error"; error: string };

const CR = 13;
const LF = 10;
/** No line of a server is as long; a stream without an end of line is none. */
const LINE_MAX = 65_536;

export class BadStream extends Error {}

interface Head {
  subject: string;
  sid: number;
  reply: string;
  header: number;
  total: number;
}

export class Reader {
  #buffer: Bytes = new Uint8Array(0);
  #head: Head | null = null;

  /** Take a chunk; gives the operations that are complete. Throws BadStream. */
  take(chunk: Bytes): Operation[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : concat(this.#buffer, chunk);
    const operations: Operation[] = [];
    let at = 0;
    for (;;) {
      if (this.#head !== null) {
        const end = at + this.#head.total;
        if (this.#buffer.length < end + 2) break;
        operations.push({ op: "message", message: messageOf(this.#head, this.#buffer.slice(at, end)) });
        this.#head = null;
        at = end + 2;
        continue;
      }
      const end = endOfLine(this.#buffer, at);
      if (end < 0) break;
      const line = text(this.#buffer.subarray(at, end));
      at = end + 2;
      const operation = this.#line(line);
      if (operation !== null) operations.push(operation);
    }
    this.#buffer = this.#buffer.slice(at);
    if (this.#head === null && this.#buffer.length > LINE_MAX) throw new BadStream("a line without an end");
    return operations;
  }

  #line(line: string): Operation | null {
    const blank = line.indexOf(" ");
    const word = (blank < 0 ? line : line.slice(0, blank)).toUpperCase();
    const rest = blank < 0 ? "" : line.slice(blank + 1).trim();
    switch (word) {
      case "MSG":
      case "HMSG":
        this.#head = headOf(word === "HMSG", rest.split(/\s+/));
        return null;
      case "PING":
        return { op: "ping" };
      case "PONG":
        return { op: "pong" };
      case "+OK":
        return { op: "ok" };
      case "-ERR":
        return { op: "error", error: rest.replace(/^'|'$/g, "") };
      case "INFO":
        return { op: "info", info: infoOf(rest) };
      default:
        throw new BadStream("an unknown operation");
    }
  }
}

export function connect(options: object): Bytes {
  return utf8(`CONNECT ${JSON.stringify(options)}\r\n`);
}

export function publish(subject: string, payload: Bytes, reply = ""): Bytes {
  return concat(utf8(`PUB ${subject} ${reply ? `${reply} ` : ""}${payload.length}\r\n`), payload, utf8("\r\n"));
}

export const subscribe = (subject: string, sid: number): Bytes => utf8(`SUB ${subject} ${sid}\r\n`);
export const unsubscribe = (sid: number): Bytes => utf8(`UNSUB ${sid}\r\n`);
export const PING = utf8("PING\r\n");
export const PONG = utf8("PONG\r\n");

function endOfLine(buffer: Uint8Array, from: number): number {
  for (let at = buffer.indexOf(LF, from); at >= 0; at = buffer.indexOf(LF, at + 1)) {
    if (at > from && buffer[at - 1] === CR) return at - 1;
  }
  return -1;
}

function infoOf(rest: string): Info {
  try {
    return JSON.parse(rest) as Info;
  } catch {
    throw new BadStream("an INFO that is no JSON");
  }
}

function headOf(withHeader: boolean, fields: string[]): Head {
  const numbers = withHeader ? 2 : 1;
  const reply = fields.length === 3 + numbers ? (fields[2] ?? "") : "";
  const total = Number(fields.at(-1));
  const header = withHeader ? Number(fields.at(-2)) : 0;
  const sid = Number(fields[1]);
  const fits = fields.length === 2 + numbers || reply !== "";
  if (!fits || !Number.isSafeInteger(total) || !Number.isSafeInteger(header) || header > total || !(total >= 0)) {
    throw new BadStream("a message without its lengths");
  }
  return { subject: fields[0] ?? "", sid, reply, header, total };
}

function messageOf(head: Head, body: Bytes): Message {
  const first = /^NATS\/1\.0\s+(\d{3})/.exec(
    head.header > 0 ? text(body.subarray(0, Math.min(head.header, 32))) : "",
  );
  return {
    subject: head.subject,
    sid: head.sid,
    reply: head.reply,
    status: first ? Number(first[1]) : 0,
    payload: head.header > 0 ? body.slice(head.header) : body,
  };
}
