interface Header {
  description: string;
  /** Sent with every such answer. */
  required?: boolean;
  schema: object;
}

const text = { type: "string" };

/** Headers of answers by the name under which a document's responses refer to them. */
export const headerComponents = {
  RequestId: { description: "Also in every log line of the request.", required: true, schema: text },
  RetryAfter: {
    description: "Seconds until a retry makes sense.",
    required: true,
    schema: { type: "integer", minimum: 0 },
  },
  RetryAfterIfBusy: {
    description: "Seconds until a retry makes sense; only where a retry helps.",
    schema: { type: "integer", minimum: 0 },
  },
  Challenge: { description: "The scheme, and why it was refused (RFC 6750 §3).", required: true, schema: text },
  AcceptEncoding: { description: "`identity`, where the body was encoded (RFC 9110 §15.5.16).", schema: text },
  RateLimit: { description: "Which limit, what is left of it, and seconds until it resets.", schema: text },
  RateLimitPolicy: { description: "The limit: its name, how many, within how many seconds.", schema: text },
} satisfies Record<string, Header>;

type HeaderName = keyof typeof headerComponents;

/** By status; beside the request id, which every answer carries. */
const BY_STATUS: Record<string, Record<string, HeaderName>> = {
  "401": { "WWW-Authenticate": "Challenge" },
  "415": { "Accept-Encoding": "AcceptEncoding" },
  "429": { "Retry-After": "RetryAfter", RateLimit: "RateLimit", "RateLimit-Policy": "RateLimitPolicy" },
  "503": { "Retry-After": "RetryAfter" },
  "504": { "Retry-After": "RetryAfter" },
};

/**
 * The headers that an answer of this status carries.
 * @param mayBeBusy whether a request of the same key may still be worked on, which is a 409 with `Retry-After`
 */
export function headersOf(status: string, mayBeBusy: boolean): Record<string, { $ref: string }> {
  const names: Record<string, HeaderName> = {
    "X-Request-Id": "RequestId",
    ...BY_STATUS[status],
    ...(status === "409" && mayBeBusy && { "Retry-After": "RetryAfterIfBusy" }),
  };
  return Object.fromEntries(
    Object.entries(names).map(([header, name]) => [header, { $ref: `#/components/headers/${name}` }]),
  );
}
