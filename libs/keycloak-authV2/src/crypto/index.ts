/** Tokens at rest: encrypted under a key ring, or recognised by hash; never in clear. */
export {
  type KeyRing,
  KeyRingError,
  type KeyRingSource,
  keyRingFault,
  keyRingSource,
  parseKeyRing,
} from "./key-ring.ts";
export { createRequestFingerprint, type RequestFingerprint } from "./request-fingerprint.ts";
export { keyIdOf, TokenCipher, type TokenPlace } from "./token-cipher.ts";
export { hashToken } from "./token-hash.ts";
