import { isInternalAddress } from "@libs/keycloak-authV2";
import proxyAddr from "proxy-addr";
import type { AddressSign } from "./address-signs.ts";
import { type ForwardedHeader, forwardedHops } from "./forwarded-hops.ts";
import { plainAddress } from "./ip-address.ts";

/** Finds the address of the person behind a request, in its one plain spelling. */
export type ClientAddress = (request: Request, server: AddressSource | null) => string | undefined;

interface AddressSource {
  requestIP(request: Request): { address: string } | null;
}

export interface ClientAddressOptions {
  /** The one header that is read; the other is never mixed in. Default: `x-forwarded-for`. */
  header?: ForwardedHeader;
  /** Called where the address of a proxy stands for that of whoever is behind it. */
  onSign?: (sign: AddressSign) => void;
}

/**
 * The header is believed only as far as it was written by trusted proxies, read from the right. What can't be read, and
 * whoever is hidden, is the proxy itself: the peer's address.
 * @param trustedProxies addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-8.1
 */
export function clientAddress(trustedProxies: string[], options: ClientAddressOptions = {}): ClientAddress {
  const { header = "x-forwarded-for", onSign = () => {} } = options;
  const other = header === "forwarded" ? "x-forwarded-for" : "forwarded";
  const isTrusted = proxyAddr.compile(trustedProxies);
  // Its second parameter is the place in the list, which none of ours asks for.
  const trusts = (address: string) => isTrusted(address, 0);
  return (request, server) => {
    const remote = server?.requestIP(request)?.address;
    if (remote === undefined) return undefined;
    const peer = plainAddress(remote) ?? remote;
    const value = request.headers.get(header);
    if (!trusts(peer)) {
      if (value !== null && isInternalAddress(peer)) onSign({ reason: "untrusted", header, value });
      return peer;
    }
    if (value === null) {
      const otherValue = request.headers.get(other);
      if (otherValue !== null) onSign({ reason: "other_header", header: other, value: otherValue });
      return peer;
    }
    const hops = forwardedHops(header, value);
    if (hops === "unreadable") return unknown(hops);
    let client = peer;
    for (const hop of hops.toReversed()) {
      if (typeof hop === "string") return unknown(hop);
      client = hop.address;
      if (!trusts(client)) break;
    }
    return client;

    function unknown(reason: "hidden" | "unreadable"): string {
      onSign({ reason, header, value: value ?? "" });
      return peer;
    }
  };
}
