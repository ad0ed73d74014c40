import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * The one spelling of an address, so that one client is one key everywhere: IPv6 as RFC 5952 writes it, without a zone; IPv4
 * in IPv6 form (RFC 4291 §2.5.5.2) as IPv4.
 * @returns undefined for what is no address
 */
export function plainAddress(text: string): string | undefined {
  const [address = ""] = text.split("%", 1);
  const family = isIP(address);
  if (family === 0) return undefined;
  if (family === 4) return address;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}
