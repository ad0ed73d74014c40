import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { TokenKeys } from "../keycloak/access-token-verifier.ts";

/** A fixed set of keys, for tests. */
export function keysFromSet(set: object): TokenKeys {
  const { keys } = set as JSONWebKeySet;
  const verify = createLocalJWKSet({ keys });
  return { find: async (kid) => (keys.some((key) => key.kid === kid) ? verify : undefined) };
}
