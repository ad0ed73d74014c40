/**
 * The keys that stored tokens are encrypted with: checking them, and moving every value to the first key of the ring, while traffic runs.
 * Invariant: a ciphertext is replaced only where it is still the one that was read.
 */
export { checkKeys } from "./check-keys.ts";
export type { KeyUse } from "./key-use.ts";
export * from "./reencrypt-options.ts";
export { reencryptTokens } from "./reencrypt-tokens.ts";
