/**
 * One connection to NATS over WebSocket, which comes back by itself, without end.
 *
 * Subscriptions outlive reconnects. What is published while it is away is refused: who must not lose it says it again.
 */

import { type Bytes, newId, utf8, writeBase64 } from "../bytes";
import * as wire from "./wire";

export type State = "connecting" | "connected" | "away" | "refused" | "closed";

/** A key that signs the server's nonce; without one the server must ask for none. */
export interface Login {
  nkey: string;
  sign(nonce: Bytes): Promise<Bytes>;
}

export interface Timing {
  connectMs: number;
  pingMs: number;
  retryMsMin: number;
  retryMsMax: number;
}

export interface Options {
  /** `wss://host/nats` */
  url: string;
  name: string;
  login?: Login;
  timing?: Partial<Timing>;
  onState?: (state: State, detail: string) => void;
  onError?: (error: string) => void;
}

export type Listener = (message: wire.Message) => void;

/** It was certainly not sent: away, too large, or too much waits already. */
export class NotSent extends Error {}
/** Nobody listens on the subject of a request. */
export class NoResponders extends Error {}
export class TimedOut extends Error {}

const TIMING: Timing = { connectMs: 10_000, pingMs: 15_000, retryMsMin: 50, retryMsMax: 2_000 };
/** Bytes that wait in the browser; a line that takes no more is as good as none. */
const BUFFERED_MAX = 1_000_000;
const PINGS_OUT_MAX = 2;

export class Connection {
  state: State = "away";
  /** What the server said of itself and of this connection; null while away. */
  info: wire.Info | null = null;

  #options: Options;
  #timing: Timing;
  #socket: WebSocket | null = null;
  #subscriptions = new Map<number, { subject: string; listener: Listener }>();
  #lastSid = 0;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #pingsOut = 0;
  #inbox: { prefix: string; waiting: Map<string, (message: wire.Message) => void> } | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
  }

  /** Begin to connect; again does nothing. */
  start(): void {
    if (this.state === "away" && this.#socket === null && this.#retry === undefined) this.#open();
  }

  /** Close for good. */
  close(): void {
    if (this.state === "closed") return;
    clearTimeout(this.#retry);
    this.#drop();
    this.#turn("closed", "");
  }

  /** Give this connection up and make a new one. */
  reconnect(detail = "asked to"): void {
    if (this.state === "closed") return;
    this.#lost(detail);
  }

  /** The network may be back: do not wait for the next try. */
  hurry(): void {
    if (this.#retry === undefined) {
      if (this.state === "connected") this.#ping();
      return;
    }
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#open();
  }

  /** Listen on a subject, on every connection to come; gives what ends it. */
  subscribe(subject: string, listener: Listener): () => void {
    const sid = ++this.#lastSid;
    this.#subscriptions.set(sid, { subject, listener });
    if (this.state === "connected") this.#send(wire.subscribe(subject, sid));
    return () => {
      if (this.#subscriptions.delete(sid) && this.state === "connected") this.#send(wire.unsubscribe(sid));
    };
  }

  /** Send bytes. Throws NotSent. */
  publish(subject: string, payload: Bytes, reply = ""): void {
    if (this.state !== "connected" || this.#socket === null) throw new NotSent("not connected");
    const most = this.info?.max_payload ?? 0;
    if (payload.length > most) throw new NotSent(`more than ${most} bytes`);
    if (this.#socket.bufferedAmount > BUFFERED_MAX) throw new NotSent("the line takes no more");
    this.#send(wire.publish(subject, payload, reply));
  }

  /** Ask, and wait for one answer. Throws NotSent, NoResponders, TimedOut. */
  request(subject: string, payload: Bytes, timeoutMs: number): Promise<wire.Message> {
    this.#inbox ??= this.#openInbox();
    const inbox = this.#inbox;
    const name = newId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(() => reject(new TimedOut(subject))), timeoutMs);
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        inbox.waiting.delete(name);
        settle();
      };
      inbox.waiting.set(name, (message) =>
        done(() => (message.status === 503 ? reject(new NoResponders(subject)) : resolve(message))),
      );
      try {
        this.publish(subject, payload, `${inbox.prefix}.${name}`);
      } catch (error) {
        done(() => reject(error));
      }
    });
  }

  #openInbox() {
    const inbox = { prefix: `_INBOX.${newId()}`, waiting: new Map<string, (message: wire.Message) => void>() };
    this.subscribe(`${inbox.prefix}.*`, (message) =>
      inbox.waiting.get(message.subject.slice(inbox.prefix.length + 1))?.(message),
    );
    return inbox;
  }

  // Life --------------------------------------------------------------------------------------------------------

  #open(): void {
    this.#turn("connecting", "");
    const reader = new wire.Reader();
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#options.url);
    } catch (error) {
      this.#lost(String(error));
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const mine = (work: () => void) => () => {
      if (this.#socket === socket) work();
    };
    this.#patience = setTimeout(
      mine(() => this.#lost("no greeting in time")),
      this.#timing.connectMs,
    );
    socket.onclose = mine(() => this.#lost("closed"));
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      try {
        for (const operation of reader.take(new Uint8Array(event.data))) {
          if (this.#socket === socket) this.#take(operation, socket);
        }
      } catch (error) {
        this.#options.onError?.(String(error));
        if (this.#socket === socket) this.#lost("not understood");
      }
    };
  }

  #take(operation: wire.Operation, socket: WebSocket): void {
    switch (operation.op) {
      case "message":
        this.#hear(operation.message);
        return;
      case "ping":
        this.#send(wire.PONG);
        return;
      case "pong":
        this.#pingsOut = 0;
        if (this.state === "connecting") this.#connected();
        return;
      case "info": {
        const greeted = this.info !== null;
        this.info = operation.info;
        if (!greeted) void this.#greet(operation.info, socket);
        return;
      }
      case "error":
        this.#options.onError?.(operation.error);
        if (/authorization|authentication|user/i.test(operation.error) && !/permission/i.test(operation.error)) {
          this.#lost(operation.error, "refused");
        }
        return;
    }
  }

  async #greet(info: wire.Info, socket: WebSocket): Promise<void> {
    const login: Record<string, string> = {};
    try {
      if (this.#options.login && info.nonce !== undefined) {
        login.nkey = this.#options.login.nkey;
        login.sig = writeBase64(await this.#options.login.sign(utf8(info.nonce)));
      }
    } catch (error) {
      this.#options.onError?.(String(error));
      if (this.#socket === socket) this.#lost("the nonce could not be signed");
      return;
    }
    if (this.#socket !== socket) return;
    const options = { verbose: false, pedantic: false, headers: true, no_responders: true, protocol: 1, echo: false };
    this.#send(
      wire.connect({ ...options, lang: "typescript", version: "1", name: this.#options.name, ...login }),
      wire.PING,
    );
  }

  #connected(): void {
    clearTimeout(this.#patience);
    this.#tries = 0;
    this.#pingsOut = 0;
    for (const [sid, { subject }] of this.#subscriptions) this.#send(wire.subscribe(subject, sid));
    this.#pinging = setInterval(() => this.#ping(), this.#timing.pingMs);
    this.#turn("connected", "");
  }

  #ping(): void {
    if (this.#pingsOut >= PINGS_OUT_MAX) this.#lost("no answer to PING");
    else {
      this.#pingsOut += 1;
      this.#send(wire.PING);
    }
  }

  #lost(detail: string, state: State = "away"): void {
    this.#drop();
    const wait = Math.min(this.#timing.retryMsMax, this.#timing.retryMsMin * 2 ** Math.min(this.#tries, 10));
    this.#tries += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#open();
      },
      wait * (0.5 + Math.random() / 2),
    );
    this.#turn(state, detail);
  }

  #drop(): void {
    clearTimeout(this.#patience);
    clearInterval(this.#pinging);
    this.info = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #turn(state: State, detail: string): void {
    this.state = state;
    this.#options.onState?.(state, detail);
  }

  #send(...parts: Bytes[]): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const part of parts) this.#socket.send(part);
  }

  #hear(message: wire.Message): void {
    try {
      this.#subscriptions.get(message.sid)?.listener(message);
    } catch (error) {
      this.#options.onError?.(String(error));
    }
  }
}
