import { createHmac, hkdfSync } from "node:crypto";
import type { KeyRing, KeyRingSource } from "./key-ring.ts";

/** @returns a fingerprint of the value for every key of the ring, the current key's first */
export type RequestFingerprint = (value: unknown) => [string, ...string[]];

/**
 * Keyed hashes (HMAC-SHA-256) over a request, to recognise it without keeping it: it holds a password, and without the
 * key nobody can guess one by trying. The key is derived from the ring's (HKDF, RFC 5869), so that none has two uses.
 */
export function createRequestFingerprint(ring: KeyRing | KeyRingSource): RequestFingerprint {
  if (typeof ring !== "function") return fingerprintOf(ring);
  let made: { of: KeyRing; fingerprint: RequestFingerprint } | undefined;
  return (value) => {
    const now = ring();
    if (made?.of !== now) made = { of: now, fingerprint: fingerprintOf(now) };
    return made.fingerprint(value);
  };
}

function fingerprintOf({ current, keys }: KeyRing): RequestFingerprint {
  const others = [...keys].filter(([id]) => id !== current.id);
  const derive = (key: typeof current.key) => Buffer.from(hkdfSync("sha256", key.export(), "", "idempotency", 32));
  const first = { id: current.id, key: derive(current.key) };
  const rest = others.map(([id, key]) => ({ id, key: derive(key) }));
  return (value) => {
    const text = canonical(value);
    const sign = ({ id, key }: typeof first) => `${id}:${createHmac("sha256", key).update(text).digest("base64url")}`;
    return [sign(first), ...rest.map(sign)];
  };
}

/** JSON with sorted names, without those that have no value: the order of a body's members says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
