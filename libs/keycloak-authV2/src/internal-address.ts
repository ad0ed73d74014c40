import { BlockList, isIP } from "node:net";

const internal = new BlockList();
for (const [network, bits] of [
  // RFC 1918, RFC 6598 (carriers and clouds), RFC 3927, this machine.
  ...([
    ["10.0.0.0", 8],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
    ["100.64.0.0", 10],
    ["169.254.0.0", 16],
  ] as const),
  ["127.0.0.0", 8],
] as const)
  internal.addSubnet(network, bits, "ipv4");
// RFC 4193, RFC 4291 §2.5.6, this machine.
for (const [network, bits] of [
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
] as const)
  internal.addSubnet(network, bits, "ipv6");

/**
 * Whether an address is of an internal network, where proxies stand, and where few people are.
 * @param address IPv4 or IPv6
 * @example
 * ```ts
 * import { isInternalAddress } from "@libs/keycloak-authV2";
 *
 * export const isProxy = isInternalAddress("10.0.0.7"); // true
 * ```
 */
export function isInternalAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && internal.check(address, family === 4 ? "ipv4" : "ipv6");
}
