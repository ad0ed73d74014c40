import { createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import { SetupError } from "@libs/problems";

/** AES-256. */
const KEY_BYTES = 32;

export interface KeyRing {
  /** The first key: the one that encrypts. */
  current: { id: string; key: KeyObject };
  /** Every key by its id: all decrypt. */
  keys: ReadonlyMap<string, KeyObject>;
}

/**
 * A key ring that can't be used. The message names the fault and the entry's id or position, never a key.
 * @see {@link parseKeyRing}
 */
export class KeyRingError extends SetupError {
  override readonly name = "KeyRingError";

  constructor(message: string) {
    super("setup.key_ring", message);
  }
}

/**
 * Reads `id:base64,id:base64,…` (`TOKEN_ENCRYPTION_KEYS`): 32 random bytes each; the first encrypts, all decrypt.
 * @param text as `TOKEN_ENCRYPTION_KEYS` has it
 * @throws KeyRingError missing, malformed, of another length than 32 bytes, the same id or the same key twice
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { KeyRingError, keyRingFault, parseKeyRing } from "@libs/keycloak-authV2";
 *
 * const text = `2027a:${randomBytes(32).toString("base64")}`;
 * console.log(keyRingFault(text)); // undefined
 * try {
 *   console.log(parseKeyRing(text).current.id); // "2027a"
 * } catch (error) {
 *   if (error instanceof KeyRingError) console.error(error.message);
 * }
 * ```
 */
export function parseKeyRing(text: string | undefined): KeyRing {
  if (!text?.trim()) throw new KeyRingError("no key is given; expected id:base64,…");
  const keys = new Map<string, KeyObject>();
  let current: KeyRing["current"] | undefined;
  for (const [index, entry] of text.split(",").entries()) {
    const { id, key } = parseEntry(entry.trim(), index + 1);
    if (keys.has(id)) throw new KeyRingError(`the id ${id} is used twice`);
    if (holds(keys, key)) throw new KeyRingError(`key ${id} is the same as an earlier one`);
    keys.set(id, key);
    current ??= { id, key };
  }
  if (!current) throw new KeyRingError("no key is given; expected id:base64,…");
  return { current, keys };
}

/**
 * Checks a key ring without keeping its keys.
 * @param text as `TOKEN_ENCRYPTION_KEYS` has it
 * @returns what is wrong with a key ring's text, without a key; undefined: nothing
 * @see {@link parseKeyRing}
 */
export function keyRingFault(text: string): string | undefined {
  try {
    parseKeyRing(text);
    return undefined;
  } catch (error) {
    return error instanceof KeyRingError ? error.message : "is not valid";
  }
}

/** The key ring as it is now. The same object for as long as it does not change. */
export type KeyRingSource = () => KeyRing;

/**
 * A key ring that follows its text: a new key decrypts, and the first one encrypts, from the next use on.
 * @throws KeyRingError when there is no valid one at first; later the one of before stays
 */
export function keyRingSource(text: Secret | undefined): KeyRingSource {
  let read = text === undefined ? undefined : currentSecret(text);
  let ring = parseKeyRing(read);
  if (typeof text !== "function") return () => ring;
  return () => {
    const now = text();
    if (now === read) return ring;
    read = now;
    try {
      ring = parseKeyRing(now);
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error;
    }
    return ring;
  };
}

function parseEntry(entry: string, position: number): { id: string; key: KeyObject } {
  const colon = entry.indexOf(":");
  const id = entry.slice(0, Math.max(0, colon));
  // An id that has another form may be a key that lost its id: it is not shown.
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
    throw new KeyRingError(`entry ${position} does not begin with an id (1 to 32 of A-Z a-z 0-9 _ -) and a colon`);
  }
  const encoded = entry.slice(colon + 1);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) throw new KeyRingError(`key ${id} is not base64`);
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length !== KEY_BYTES) throw new KeyRingError(`key ${id} is ${bytes.length} bytes long; expected 32`);
  return { id, key: createSecretKey(bytes) };
}

function holds(keys: ReadonlyMap<string, KeyObject>, key: KeyObject): boolean {
  return [...keys.values()].some((other) => timingSafeEqual(other.export(), key.export()));
}
