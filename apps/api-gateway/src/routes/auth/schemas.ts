import type { User } from "@libs/database";
import { problemsOf } from "@libs/http";
import { z } from "zod";

/** Tokens as Keycloak names them (RFC 6749 §5.1). */
export const tokensSchema = z.strictObject({
  access_token: z.string(),
  expires_in: z.number().describe("Seconds."),
  refresh_token: z.string(),
  refresh_expires_in: z.number().describe('Seconds; 0 means "never".'),
  id_token: z.string().optional(),
  token_type: z.string(),
  session_state: z.string().describe("Keycloak's session id (`sid`)."),
  scope: z.string().optional(),
  "not-before-policy": z.number().optional(),
});

export const userSchema = z.strictObject({
  id: z.string(),
  email: z.string().nullable(),
  username: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
});

export const registeredUserSchema = z.strictObject({
  ...userSchema.shape,
  emailVerified: z.boolean(),
  enabled: z.boolean(),
  storeId: z.string().nullable(),
  organizationId: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  createdAt: z.string().describe("RFC 3339."),
});

/** What any route under /auth can answer when something is wrong with the request or with us. */
export const commonProblems = problemsOf(
  "input.invalid",
  "input.too_large",
  "input.unsupported_media_type",
  "keycloak.unavailable",
  "keycloak.timeout",
  "keycloak.misconfigured",
  "internal.error",
);

export function presentUser({ id, email, username, firstName, lastName }: User): z.infer<typeof userSchema> {
  return { id, email, username, firstName, lastName };
}

export function presentRegisteredUser(user: User): z.infer<typeof registeredUserSchema> {
  const { emailVerified, enabled, storeId, organizationId, metadata, createdAt } = user;
  return {
    ...presentUser(user),
    emailVerified,
    enabled,
    storeId,
    organizationId,
    metadata,
    createdAt: createdAt.toISOString(),
  };
}

/** What any route for people can answer beside its own: it has no body, and Keycloak is not asked. */
export const personProblems = problemsOf(
  "token.missing",
  "input.invalid",
  "database.unavailable",
  "database.timeout",
  "internal.error",
);

export const deviceSchema = z
  .strictObject({
    browser: z.string().nullable(),
    os: z.string().nullable(),
    type: z.string().nullable().describe("desktop, mobile, tablet, tv, bot"),
  })
  .describe("Derived from the user agent; null if it can't be.");

export const instant = z.string().describe("RFC 3339.");
