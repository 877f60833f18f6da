/**
 * The two keys of this device. They are made here by WebCrypto, cannot be exported, and live in IndexedDB.
 *
 * What is proved with them stands in docs/reference/device-protocol.md, *Proofs*.
 */

import { type Bytes, concat, readBase64, readHex, utf8, writeBase64, writeNkey } from "../bytes";

export interface Keys {
  signing: CryptoKeyPair;
  agreement: CryptoKeyPair;
  /** The signing key's public half, as NATS names it. */
  nkey: string;
}

const subtle = (): SubtleCrypto => crypto.subtle;

/** This browser makes no such keys: too old, or the page is not served over HTTPS. */
export class NoKeys extends Error {}

export async function makeKeys(): Promise<Keys> {
  try {
    const signing = (await subtle().generateKey({ name: "Ed25519" }, false, ["sign", "verify"])) as CryptoKeyPair;
    const agreement = (await subtle().generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
    return { signing, agreement, nkey: writeNkey(await publicHalf(signing)) };
  } catch (error) {
    throw new NoKeys(String(error));
  }
}

async function publicHalf(pair: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
}

export async function sign(keys: Keys, what: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().sign({ name: "Ed25519" }, keys.signing.privateKey, what));
}

async function sha256(what: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-256", what));
}

/** Sign a body: the person says this. `device` is 32 hex digits. */
export async function signBody(keys: Keys, device: string, body: Bytes): Promise<string> {
  return writeBase64(await sign(keys, concat(utf8(`wardwire/1\n${device}\n`), await sha256(body))));
}

/** A code as it is signed: without blanks and dashes, in capitals. */
export const plainCode = (code: string): string => code.replace(/[\s-]/g, "").toUpperCase();

/** State what registers these keys with a code. */
export async function writeRegistration(keys: Keys, code: string, name: string, app: string) {
  const x25519 = await publicHalf(keys.agreement);
  const digest = await sha256(utf8(plainCode(code)));
  const proof = await sign(keys, concat(utf8("wardwire/1 register\n"), digest, x25519));
  return { code, nkey: keys.nkey, x25519: writeBase64(x25519), proof: writeBase64(proof), name, app };
}

/** Proves what is said in one session. */
export class Mac {
  #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /** Agree on the key of a session; `session` is 32 hex digits, with or without dashes. */
  static async of(keys: Keys, site: string, nonce: Bytes, session: string): Promise<Mac> {
    const theirs = await subtle().importKey("raw", readBase64(site), { name: "X25519" }, false, []);
    const shared = await subtle().deriveBits({ name: "X25519", public: theirs }, keys.agreement.privateKey, 256);
    const secret = await subtle().importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const salt = concat(nonce, readHex(session.replaceAll("-", "")));
    const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8("wardwire/1 session") };
    const kind = { name: "HMAC", hash: "SHA-256", length: 256 };
    return new Mac(await subtle().deriveKey(how, secret, kind, false, ["sign"]));
  }

  async write(body: Bytes): Promise<string> {
    return writeBase64(new Uint8Array(await subtle().sign("HMAC", this.#key, body)).subarray(0, 16));
  }
}
