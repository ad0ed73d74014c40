import { Elysia } from "elysia";

/** Answers are data for programs: nothing may frame, sniff, cache or run them. The API page relaxes what it needs. */
export const securityHeaders = () =>
  new Elysia({ name: "security-headers" }).onRequest(({ set }) => {
    set.headers["x-content-type-options"] = "nosniff";
    set.headers["x-frame-options"] = "DENY";
    set.headers["referrer-policy"] = "no-referrer";
    set.headers["content-security-policy"] = "default-src 'none'; frame-ancestors 'none'";
    set.headers["strict-transport-security"] = "max-age=31536000; includeSubDomains";
    set.headers["cache-control"] = "no-store";
  });
