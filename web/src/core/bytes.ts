/** Bytes and their spellings: base64url without padding, hex, base32, and the NKEY of an Ed25519 key. */

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** The kind `user` of an NKEY, as its first byte: it makes the name begin with `U`. */
const USER = 20 << 3;

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;
export const text = (bytes: Uint8Array): string => decoder.decode(bytes);

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function writeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function readBase64(written: string): Bytes {
  const binary = atob(written.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export function readHex(written: string): Bytes {
  const bytes = new Uint8Array(written.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(written.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A new id of our own for something said: 32 hex digits. */
export function newId(): string {
  return Array.from(random(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Name an Ed25519 public key as a NATS user: base32 of kind, key and CRC-16 (XMODEM, low byte first). */
export function writeNkey(publicKey: Uint8Array): string {
  const body = concat(Uint8Array.of(USER), publicKey);
  const crc = crc16(body);
  return base32(concat(body, Uint8Array.of(crc & 0xff, crc >> 8)));
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

function base32(bytes: Uint8Array): string {
  let written = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      written += BASE32.charAt((value >> (bits - 5)) & 31);
      bits -= 5;
    }
  }
  return bits > 0 ? written + BASE32.charAt((value << (5 - bits)) & 31) : written;
}
