import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { GuardKeys } from "../keycloak/guard-token-verifier.ts";

/** A fixed set of keys, for tests. */
export function keysFromSet(set: object): GuardKeys {
  const { keys } = set as JSONWebKeySet;
  const verify = createLocalJWKSet({ keys });
  return { find: async (kid) => (keys.some((key) => key.kid === kid) ? verify : undefined) };
}
