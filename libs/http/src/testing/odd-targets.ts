/** How a path may be spelt so that a server could take it for another: what stands in the request line, and in `Host`. */
export interface OddTarget {
  name: string;
  target: string;
  /** Undefined: the header is left out, which HTTP/1.0 alone allows. */
  host: string | undefined;
}

/**
 * Requests of addresses that are not there, each of which a careless server takes for `path`: they get a 404.
 * @param path a route without parameters that takes GET, such as `/health/ready`
 */
export const notThere = (path: string): OddTarget[] => [
  { name: "a host of two letters", target: `/x${path}`, host: "gw" },
  { name: "a host of one letter", target: `/xx${path}`, host: "a" },
  { name: "a host of one letter with a port", target: `/x${path}`, host: "a:1" },
  { name: "a host of three letters, two slashes", target: `/${path}`, host: "abc" },
  { name: "the path in the query, a short host", target: `/?a=${path}`, host: "a" },
  { name: "the path as a query, a short host", target: `/?${path}`, host: "abc" },
  { name: "an absolute address, a short host", target: `http://other.example/x${path}`, host: "gw" },
  { name: "an empty host", target: `/aaaaaaaaaa${path}`, host: "" },
  { name: "no host", target: `/aaaaaaaaaa${path}`, host: undefined },
  { name: "dots", target: `/x/..${path}`, host: "gateway.example" },
  { name: "escaped dots", target: `/x/%2e%2E${path}`, host: "gateway.example" },
  { name: "one dot", target: `/.${path}`, host: "gateway.example" },
  { name: "dots behind backslashes", target: `/x\\..${path}`, host: "gateway.example" },
  { name: "a slash at the end", target: `${path}/`, host: "gateway.example" },
  { name: "two slashes at the start", target: `/${path}`, host: "gateway.example" },
  { name: "a host behind two slashes", target: `//other.example${path}`, host: "gateway.example" },
  { name: "capitals", target: path.toUpperCase(), host: "gateway.example" },
  { name: "an escaped slash", target: `/${path.slice(1).replace("/", "%2f")}`, host: "gateway.example" },
  { name: "a fragment", target: `/x#${path}`, host: "gateway.example" },
];

/** Requests of `path` itself, in ways that are rare and right: they are answered. */
export const there = (path: string): OddTarget[] => [
  { name: "a host of one letter", target: path, host: "a" },
  { name: "a host of two letters", target: path, host: "gw" },
  { name: "a short host with a port", target: path, host: "a:1" },
  { name: "capitals in the host", target: path, host: "GW.Example" },
  { name: "an IPv6 address", target: path, host: "[::1]:3000" },
  { name: "an underscore in the host", target: path, host: "api_gateway:3000" },
  { name: "a colon without a port", target: path, host: "gateway.example:" },
  { name: "an empty host", target: path, host: "" },
  { name: "no host", target: path, host: undefined },
  { name: "an absolute address", target: `http://other.example${path}`, host: "gw" },
  { name: "a query with a path in it", target: `${path}?a=/b?/c`, host: "gw" },
];

/** Values of `Host` that are none (RFC 9112 §3.2): a 400, whatever the path. */
export const badHosts = [
  "x y",
  "a/b",
  "gateway.example/health",
  "gateway.example?",
  "gateway.example#x",
  "u:p@gateway.example",
  "a\\b",
  "a:b",
  ":80",
  "[::1",
  "::1",
  "gw, other",
  "gw\r\nhost: other",
  "ü",
];

/** The head of a request, without a body. */
export function requestHead(method: string, { target, host }: Pick<OddTarget, "target" | "host">, ...fields: string[]) {
  const version = host === undefined ? "HTTP/1.0" : "HTTP/1.1";
  const hosts = host === undefined ? [] : [`host: ${host}`];
  return [`${method} ${target} ${version}`, ...hosts, "connection: close", ...fields, "", ""].join("\r\n");
}
