import { createHmac, hkdfSync } from "node:crypto";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import ipaddr from "ipaddr.js";

/** Names what is counted without saying who it is: people type passwords into the field for the name. */
export interface LimitKeys {
  /** @param name a username or email as it was sent */
  account(name: string): string;
  /** @param address one IPv4 address, or the IPv6 network (/64) that one household or server has to itself */
  address(address: string): string;
  session(sessionId: string): string;
}

/** @param secret one that all replicas share, and that nobody else has; a change of it begins every count anew */
export function createLimitKeys(secret: Secret): LimitKeys {
  let derived: { from: string; key: Buffer } | undefined;
  const keyNow = () => {
    const from = currentSecret(secret);
    if (derived?.from !== from) derived = { from, key: Buffer.from(hkdfSync("sha256", from, "", "rate-limits", 32)) };
    return derived.key;
  };
  const hashed = (kind: string, value: string) =>
    createHmac("sha256", keyNow()).update(`${kind}\0${value}`).digest("base64url").slice(0, 27);
  return {
    account: (name) => hashed("account", name.normalize("NFC").toLowerCase()),
    address: (address) => hashed("address", network(address)),
    session: (sessionId) => hashed("session", sessionId),
  };
}

function network(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : parsed.toByteArray().slice(0, 8).join(".");
}
