import { counterIn, type Logger, type Registry } from "@libs/observability";
import type { ForwardedHeader } from "./forwarded-hops.ts";

/** A sign that many people share one address here, and with it one limit. */
export interface AddressSign {
  /**
   * `unreadable`: a trusted proxy's header is not understood. `hidden`: it hides its callers. `other_header`: it writes the
   * header that is not read. `untrusted`: it stands in an internal network, and `TRUSTED_PROXIES` does not name it.
   */
  reason: "unreadable" | "hidden" | "other_header" | "untrusted";
  header: ForwardedHeader;
  value: string;
}

const TEXTS: Record<AddressSign["reason"], string> = {
  unreadable: "a trusted proxy's header can't be read: all clients behind it share its address and its limits",
  hidden: "a trusted proxy hides its clients: they share its address and its limits",
  other_header: "a trusted proxy writes a header that is not read: see TRUSTED_PROXY_HEADER",
  untrusted:
    "an internal address that TRUSTED_PROXIES does not name forwards requests: all of them share its address and its limits",
};

/** One line for each reason within this time. Milliseconds. */
const QUIET_MS = 3_600_000;
/** As much of a header is shown. */
const SHOWN = 80;

/**
 * Counts signs (`client_address_signs_total{reason}`) and logs the first of each kind, then one an hour.
 * @param now milliseconds since the epoch
 */
export function addressSigns(registry: Registry, logger: Logger, now: () => number = Date.now) {
  const total = counterIn(registry, {
    name: "client_address_signs_total",
    help: "Requests that count under a proxy's address instead of the client's, by reason.",
    labelNames: ["reason"],
  });
  const seen = new Map<string, { loggedAt: number; since: number }>();
  return ({ reason, header, value }: AddressSign): void => {
    total.inc({ reason });
    const { loggedAt, since } = seen.get(reason) ?? { loggedAt: Number.NEGATIVE_INFINITY, since: 0 };
    if (now() - loggedAt < QUIET_MS) return void seen.set(reason, { loggedAt, since: since + 1 });
    seen.set(reason, { loggedAt: now(), since: 0 });
    logger.warn({ reason, header, shape: shapeOf(value), requests: since + 1 }, TEXTS[reason]);
  };
}

/** How a header is written, without what it says: addresses are personal data. */
export function shapeOf(value: string): string {
  return value.slice(0, SHOWN).replace(/\p{L}/gu, "a").replace(/\p{N}/gu, "9");
}
