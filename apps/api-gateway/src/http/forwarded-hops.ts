import { plainAddress } from "./ip-address.ts";

/**
 * Whom one proxy got a request from: an address in its plain form; `hidden`: it does not say (RFC 7239 §6.2, §6.3);
 * `unreadable`: nothing that is known.
 */
export type Hop = { address: string } | "hidden" | "unreadable";

/** In which header proxies write it. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/**
 * Reads what proxies wrote, the nearest last. A header that comes several times is one list (RFC 9110 §5.3).
 * @returns `unreadable` where the syntax is broken anywhere: what stands beside it might be a part of it
 */
export function forwardedHops(header: ForwardedHeader, value: string): Hop[] | "unreadable" {
  return header === "forwarded" ? forwarded(value) : xForwardedFor(value);
}

/** No standard: addresses, and what proxies add to them. Empty members are of no account (RFC 9110 §5.6.1.2). */
function xForwardedFor(value: string): Hop[] {
  const members = value.split(",").map((member) => member.trim());
  return members.filter((member) => member !== "").map((member) => hop(member.replace(/^"(.*)"$/, "$1")));
}

/** One `name=value` of an element, and what ends it. Values that should be quoted and are not are taken (RFC 7239 §4). */
const PAIR = /[\t ]*(?:([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))[\t ]*)?([;,]|$)/y;

function forwarded(value: string): Hop[] | "unreadable" {
  const hops: Hop[] = [];
  const pair = new RegExp(PAIR);
  for (let element = new Map<string, string>(); ; ) {
    const match = pair.exec(value);
    if (!match) return "unreadable";
    const [, name, quoted, bare = "", end] = match;
    const key = name?.toLowerCase();
    if (key !== undefined && element.has(key)) return "unreadable";
    if (key !== undefined) element.set(key, quoted?.replace(/\\(.)/g, "$1") ?? bare);
    if (end === ";") continue;
    // An element without `for` is of a proxy that does not say whom it got the request from.
    if (element.size > 0) hops.push(hop(element.get("for") ?? "unknown"));
    if (end === "") return hops;
    element = new Map();
  }
}

const PORT = "(?::(?:\\d{1,5}|_[\\w.-]+))?";
/** `203.0.113.7:4711`, as Azure's and AWS's load balancers write it, and RFC 7239 §6. */
const IPV4 = new RegExp(`^([\\d.]+)${PORT}$`);
const BRACKETED = new RegExp(`^\\[([\\da-f:.]+(?:%[^\\]]*)?)\\]${PORT}$`, "i");
/** All eight groups, so that a ninth can only be the port. */
const IPV6_AND_PORT = /^((?:[\da-f]{1,4}:){7}[\da-f]{1,4}):\d{1,5}$/i;
const HIDDEN = new RegExp(`^(?:unknown|_[\\w.-]+)${PORT}$`, "i");

function hop(node: string): Hop {
  if (HIDDEN.test(node)) return "hidden";
  const [, inner = node] = IPV4.exec(node) ?? BRACKETED.exec(node) ?? IPV6_AND_PORT.exec(node) ?? [];
  const address = plainAddress(inner);
  return address === undefined ? "unreadable" : { address };
}
