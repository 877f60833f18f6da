/**
 * A finger or a face that opens what the passcode opens: a passkey of this device, whose authenticator makes the same
 * secret each time (WebAuthn Level 3 §10.1.4, PRF). The passcode stays; nothing of this leaves the device.
 */

import { type Bytes, random, utf8 } from "../bytes";

/** As it lies on the disk: which credential, what it is asked, and the private key encrypted with its answer. */
export interface Passkey {
  id: Bytes;
  salt: Bytes;
  iv: Bytes;
  data: ArrayBuffer;
}

const INFO = utf8("wardwire/1 passkey");
const PATIENCE_MS = 60_000;
/** Ed25519, ES256, RS256 (IANA COSE). */
const ALGORITHMS = [-8, -7, -257];

/** Whether this device can ask for a finger, a face, or its own PIN. */
export const canAsk = async (): Promise<boolean> =>
  typeof PublicKeyCredential !== "undefined" &&
  (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false));

/** Make one that opens this key, which can be taken along; null where the person or the device does not want to. */
export async function makePasskey(key: CryptoKey, person: string): Promise<Passkey | null> {
  const [salt, iv] = [random(32), random(12)];
  const publicKey: PublicKeyCredentialCreationOptions = {
    rp: { name: "Wardwire" },
    user: { id: random(16), name: person, displayName: person },
    challenge: random(32),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { authenticatorAttachment: "platform", userVerification: "required" },
    timeout: PATIENCE_MS,
    extensions: { prf: { eval: { first: salt } } },
  };
  const made = (await navigator.credentials.create({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
  if (!made) return null;
  const id = new Uint8Array(made.rawId);
  const secret = secretOf(made) ?? (await ask(id, salt));
  if (!secret) return null;
  const plain = await crypto.subtle.exportKey("pkcs8", key);
  return {
    id,
    salt,
    iv,
    data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await derive(secret, salt), plain),
  };
}

/** Ask for it; null where nobody let us. */
export async function openPasskey({ id, salt, iv, data }: Passkey): Promise<CryptoKey | null> {
  const secret = await ask(id, salt);
  if (!secret) return null;
  const plain = await crypto.subtle
    .decrypt({ name: "AES-GCM", iv }, await derive(secret, salt), data)
    .catch(() => null);
  return plain && crypto.subtle.importKey("pkcs8", plain, { name: "X25519" }, false, ["deriveBits"]);
}

async function ask(id: Bytes, salt: Bytes): Promise<ArrayBuffer | null> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: random(32),
    allowCredentials: [{ type: "public-key", id }],
    userVerification: "required",
    timeout: PATIENCE_MS,
    extensions: { prf: { eval: { first: salt } } },
  };
  const told = (await navigator.credentials.get({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
  return told && secretOf(told);
}

const secretOf = (told: PublicKeyCredential): ArrayBuffer | null =>
  (told.getClientExtensionResults().prf?.results?.first as ArrayBuffer | undefined) ?? null;

async function derive(secret: ArrayBuffer, salt: Bytes): Promise<CryptoKey> {
  const whole = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: INFO };
  return crypto.subtle.deriveKey(how, whole, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
