import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "proxy-addr";

/** Finds the address of the person behind a request. */
export type ClientAddress = (request: Request, server: AddressSource | null) => string | undefined;

interface AddressSource {
  requestIP(request: Request): { address: string } | null;
}

/**
 * `X-Forwarded-For` is believed only as far as it was written by trusted proxies, read from the right.
 * @param trustedProxies addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`
 */
export function clientAddress(trustedProxies: string[]): ClientAddress {
  const trusts = proxyAddr.compile(trustedProxies);
  return (request, server) => {
    const remoteAddress = server?.requestIP(request)?.address;
    if (remoteAddress === undefined) return undefined;
    const forwarded = request.headers.get("x-forwarded-for") ?? undefined;
    const address = proxyAddr(
      {
        headers: { "x-forwarded-for": forwarded },
        socket: { remoteAddress },
        connection: { remoteAddress },
      } as unknown as IncomingMessage,
      trusts,
    );
    const plain = (isIP(address) ? address : remoteAddress).replace(/^::ffff:(?=\d+\.)/i, "");
    return plain;
  };
}
