/**
 * Seals what this device keeps of messages, so that the disk alone tells nobody what was said.
 *
 * Anybody may put something in (a public key is enough), so a locked device goes on keeping what it hears; only the
 * private half takes something out. Without a passcode that half lies beside it, not exportable; with one it lies there
 * encrypted with a key that PBKDF2 derives from the passcode, and no locked app has it in its memory.
 */

import { type Bytes, random, utf8 } from "../bytes";
import type { Passkey } from "./passkey";

/** Sealed for the holder of the private key: by whose key, and the cipher of JSON. */
export interface Sealed {
  by: Bytes;
  iv: Bytes;
  data: ArrayBuffer;
}

/** What lies on the disk: the private half as it is (`open`), or encrypted (`closed`). */
export interface Lockbox {
  public: Bytes;
  open?: CryptoKey;
  closed?: { salt: Bytes; rounds: number; iv: Bytes; data: ArrayBuffer };
  /** Whether the passcode has digits alone: a keypad is enough. */
  digits?: boolean;
  /** Opens it as the passcode does. */
  passkey?: Passkey;
}

/** What was kept cannot be read: the vault is closed, or what lies there was changed. */
export class NotSealedHere extends Error {}

const ROUNDS = 600_000;
const X25519 = { name: "X25519" };
const INFO = utf8("wardwire/1 kept");

const subtle = (): SubtleCrypto => crypto.subtle;

/** Make a lockbox that stands open. */
export async function makeLockbox(): Promise<Lockbox> {
  const pair = (await subtle().generateKey(X25519, true, ["deriveBits"])) as CryptoKeyPair;
  return { public: new Uint8Array(await subtle().exportKey("raw", pair.publicKey)), open: pair.privateKey };
}

/** The same box, closed with a passcode. `key` is of `openLockbox`, to be taken along. */
export async function closeLockbox(box: Lockbox, key: CryptoKey, passcode: string): Promise<Lockbox> {
  const [salt, iv] = [random(16), random(12)];
  const wrapping = await derive(passcode, salt, ROUNDS);
  const data = await subtle().encrypt({ name: "AES-GCM", iv }, wrapping, await subtle().exportKey("pkcs8", key));
  const closed = { salt, rounds: ROUNDS, iv, data };
  const passkey = box.passkey ? { passkey: box.passkey } : {};
  return { public: box.public, closed, digits: /^\d+$/.test(passcode), ...passkey };
}

/** The key of a lockbox; null when the passcode is wrong. One that is taken along can be put into another box. */
export async function openLockbox(box: Lockbox, passcode = "", along = false): Promise<CryptoKey | null> {
  if (!box.closed) return box.open ?? null;
  const { salt, rounds, iv, data } = box.closed;
  const wrapping = await derive(passcode, salt, rounds);
  const secret = await subtle()
    .decrypt({ name: "AES-GCM", iv }, wrapping, data)
    .catch(() => null);
  return secret === null ? null : subtle().importKey("pkcs8", secret, X25519, along, ["deriveBits"]);
}

async function derive(passcode: string, salt: Bytes, rounds: number): Promise<CryptoKey> {
  const words = await subtle().importKey("raw", utf8(passcode.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return subtle().deriveKey(how, words, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** Seals always; opens while it holds the key. */
export class Vault {
  #public: Bytes;
  #key: CryptoKey | null;
  #sealing: Promise<{ by: Bytes; key: CryptoKey }> | null = null;
  #opening = new Map<string, Promise<CryptoKey>>();

  constructor(mine: Bytes, key: CryptoKey | null) {
    this.#public = mine;
    this.#key = key;
  }

  get isOpen(): boolean {
    return this.#key !== null;
  }

  /** The key, to be handed to another tab of this browser. */
  get key(): CryptoKey | null {
    return this.#key;
  }

  open(key: CryptoKey): void {
    this.#key = key;
  }

  /** Forget what takes something out. */
  close(): void {
    this.#key = null;
    this.#opening.clear();
  }

  async seal(what: unknown): Promise<Sealed> {
    this.#sealing ??= this.#makeSealing();
    const { by, key } = await this.#sealing;
    const iv = random(12);
    return { by, iv, data: await subtle().encrypt({ name: "AES-GCM", iv }, key, utf8(JSON.stringify(what))) };
  }

  /** Throws NotSealedHere, also while the vault is closed. */
  async unseal<T>(sealed: Sealed): Promise<T> {
    if (this.#key === null) throw new NotSealedHere("the vault is closed");
    const name = sealed.by.join();
    let key = this.#opening.get(name);
    if (key === undefined) {
      key = agree(this.#key, sealed.by, sealed.by, ["decrypt"]);
      this.#opening.set(name, key);
    }
    try {
      const plain = await subtle().decrypt({ name: "AES-GCM", iv: sealed.iv }, await key, sealed.data);
      return JSON.parse(new TextDecoder().decode(plain)) as T;
    } catch (error) {
      throw new NotSealedHere(String(error));
    }
  }

  /** A key of this life of the app; its private half is gone as soon as the two have agreed. */
  async #makeSealing(): Promise<{ by: Bytes; key: CryptoKey }> {
    const pair = (await subtle().generateKey(X25519, false, ["deriveBits"])) as CryptoKeyPair;
    const by = new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
    return { by, key: await agree(pair.privateKey, this.#public, by, ["encrypt"]) };
  }
}

async function agree(mine: CryptoKey, theirs: Bytes, salt: Bytes, usages: KeyUsage[]): Promise<CryptoKey> {
  const other = await subtle().importKey("raw", theirs, X25519, false, []);
  const shared = await subtle().deriveBits({ name: "X25519", public: other }, mine, 256);
  const secret = await subtle().importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: INFO };
  return subtle().deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, usages);
}
