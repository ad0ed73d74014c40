import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { AuthError } from "@libs/problems";
import type { KeyRing, KeyRingSource } from "./key-ring.ts";

/** The one place that a ciphertext is good for. */
export interface TokenPlace {
  sessionId: string;
  /** The database column. */
  column: string;
}

const FORM = "v1";
const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts tokens for the database: AES-256-GCM, `v1.<key id>.<base64url of iv, ciphertext and tag>`. The associated
 * data binds each value to its key id, session and column: copied into another row or column it does not open.
 * @see NIST SP 800-38D §8.2.2: with random 96-bit IVs a key is good for 2^32 values
 */
export class TokenCipher {
  readonly #ring: KeyRingSource;

  constructor(ring: KeyRing | KeyRingSource) {
    this.#ring = typeof ring === "function" ? ring : () => ring;
  }

  /** Encrypts under the ring's first key. */
  encrypt(plaintext: string, place: TokenPlace): string {
    const { id, key } = this.#ring().current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(id, place));
    const sealed = Buffer.concat([iv, cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${FORM}.${id}.${sealed.toString("base64url")}`;
  }

  /** @throws AuthError `token.undecryptable`: unknown key, another place, changed, or not a value of this cipher */
  decrypt(value: string, place: TokenPlace): string {
    const [form, id, encoded, ...rest] = value.split(".");
    if (form !== FORM || id === undefined || encoded === undefined || rest.length > 0)
      throw undecryptable("unknown form");
    const key = this.#ring().keys.get(id);
    if (!key) throw undecryptable("the key ring has no key of this id");
    const sealed = Buffer.from(encoded, "base64url");
    // Only the one spelling that encrypt() makes: base64 decoders skip what they don't know.
    if (sealed.toString("base64url") !== encoded) throw undecryptable("not base64url");
    if (sealed.length < IV_BYTES + TAG_BYTES) throw undecryptable("too short");
    try {
      return open(key, sealed, associatedData(id, place));
    } catch {
      throw undecryptable(`key ${id} does not open it here`);
    }
  }
}

/** The id of the key that a value names; empty for a value of unknown form. */
export function keyIdOf(value: string): string {
  const [form, id = ""] = value.split(".");
  return form === FORM ? id : "";
}

function open(key: KeyObject, sealed: Buffer, associated: Buffer): string {
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  return text.toString("utf8");
}

/** JSON keeps the parts apart: no two places share their bytes. */
function associatedData(keyId: string, { sessionId, column }: TokenPlace): Buffer {
  return Buffer.from(JSON.stringify([FORM, keyId, sessionId, column]), "utf8");
}

const undecryptable = (reason: string) => new AuthError("token.undecryptable", { internal: `token: ${reason}` });
