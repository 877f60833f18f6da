/** A session: the hello that asks for it, the welcome that opens it, and the proofs of what is said in it. No I/O. */

import { type Bytes, random, utf8, writeBase64 } from "../bytes";
import { type Cursor, type OrderFrame, PROTOCOL, type Welcome } from "./frames";
import { type Keys, Mac, signBody } from "./keys";

/** What a registered device keeps of itself. */
export interface Card {
  keys: Keys;
  /** `dev_…`, `per_…` as written. */
  device: string;
  person: string;
  name: string;
  site: string;
}

/** A device as subjects name it: 32 hex digits. */
export const nameOf = (card: Card): string => card.device.replace(/^dev_/, "").replaceAll("-", "");

export class Session {
  /** The last welcome; its session is open while `isOpen`. */
  welcome: Welcome | null = null;
  /** What the last hello asked to go on from. */
  resumed: Cursor | null = null;

  #card: Card;
  #mac: Mac | null = null;
  #nonce: Bytes = new Uint8Array(0);
  #hello: { envelope: Bytes; again: number; tries: number } | null = null;

  constructor(card: Card) {
    this.#card = card;
  }

  get isOpen(): boolean {
    return this.#mac !== null;
  }

  /** The session that is open; "" without one. */
  get id(): string {
    return this.#mac !== null ? (this.welcome?.session ?? "") : "";
  }

  /** Whether a hello is due: none waits, or the last was said long ago. Times are monotonic milliseconds. */
  helloIsDue(now: number): boolean {
    return this.#mac === null && (this.#hello === null || this.#hello.again <= now);
  }

  /** Nothing is open, and nothing waits: the connection is another one, or the hello was refused. */
  forget(): void {
    this.#mac = null;
    this.#hello = null;
  }

  /** The hello was refused: the next one, in two seconds, has another nonce. */
  spent(now: number): void {
    this.#nonce = new Uint8Array(0);
    this.#hello = { envelope: new Uint8Array(0), again: now + 2_000, tries: 0 };
  }

  /** Write the hello that waits, or a new one of this connection. */
  async writeHello(
    connection: { server_id: string; client_id: number },
    app: string,
    cursor: Cursor | null,
    now: number,
  ): Promise<Bytes> {
    if (this.#hello === null || this.#hello.envelope.length === 0) {
      this.#nonce = random(16);
      this.resumed = cursor;
      const hello = {
        t: "hello",
        device: this.#card.device,
        nonce: writeBase64(this.#nonce),
        server_id: connection.server_id,
        cid: connection.client_id,
        clock_ms: Date.now(),
        app,
        ...(cursor ? { resume: { epoch: cursor.epoch, seq: cursor.seq } } : {}),
      };
      const body = JSON.stringify(hello);
      const waiting = { envelope: new Uint8Array(0) as Bytes, again: now + 2_000, tries: 1 };
      this.#hello = waiting;
      waiting.envelope = envelope(body, { sig: await this.#sign(body) });
      return waiting.envelope;
    }
    this.#hello.again = now + 2_000 * 2 ** Math.min(this.#hello.tries, 3);
    this.#hello.tries += 1;
    return this.#hello.envelope;
  }

  /** Whether an answer is to the hello that waits: it carries its nonce. */
  isOfHello(written: string): boolean {
    return this.#hello !== null && this.#nonce.length > 0 && written === writeBase64(this.#nonce);
  }

  /** Open the session; false for the welcome of another connection, or the same once more. */
  async open(welcome: Welcome): Promise<boolean> {
    if (!this.isOfHello(welcome.nonce)) return false;
    const hello = this.#hello;
    const mac = await Mac.of(this.#card.keys, this.#card.site, this.#nonce, welcome.session);
    if (this.#hello !== hello) return false; // the connection has gone meanwhile
    this.#mac = mac;
    this.#hello = null;
    this.welcome = welcome;
    return true;
  }

  /** Write what is said in the session; null without one. */
  async prove(body: string, signed: boolean): Promise<Bytes | null> {
    const [mac, session] = [this.#mac, this.id];
    if (mac === null) return null;
    const proofs = { s: session, mac: await mac.write(utf8(body)) };
    return envelope(body, signed ? { ...proofs, sig: await this.#sign(body) } : proofs);
  }

  /** Write that the device has done what it was ordered; needs no session. */
  async writeObeyed(order: OrderFrame): Promise<Bytes> {
    const body = JSON.stringify({ t: "obeyed", device: this.#card.device, what: order.what, at: order.at });
    return envelope(body, { sig: await this.#sign(body) });
  }

  #sign(body: string): Promise<string> {
    return signBody(this.#card.keys, nameOf(this.#card), utf8(body));
  }
}

/** The body stands between the braces exactly as it was proved. */
function envelope(body: string, proofs: { s?: string; mac?: string; sig?: string }): Bytes {
  const rest = Object.entries(proofs).map(([name, value]) => `,"${name}":${JSON.stringify(value)}`);
  return utf8(`{"v":${PROTOCOL}${rest.join("")},"body":${body}}`);
}
