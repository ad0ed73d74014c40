import { z } from "zod";

/** How far clocks may differ when a token's times are checked. */
export const CLOCK_TOLERANCE_SECONDS = 10;

const roles = z.object({ roles: z.array(z.string()).default([]) });

/** What is read of an access token of Keycloak's. Whose session it is of (`sid`) is each reader's own rule. */
export const accessTokenClaims = z.object({
  sub: z.string().min(1),
  typ: z.literal("Bearer"),
  azp: z.string().min(1),
  iat: z.number(),
  exp: z.number(),
  preferred_username: z.string().default(""),
  email: z.string().nullish(),
  given_name: z.string().nullish(),
  family_name: z.string().nullish(),
  email_verified: z.boolean().default(false),
  realm_access: roles.optional(),
  resource_access: z.record(z.string(), roles).optional(),
});

/** The person and the times of a token, in our own words. */
export function personOf(claims: z.output<typeof accessTokenClaims>) {
  return {
    sub: claims.sub,
    username: claims.preferred_username,
    email: claims.email ?? null,
    firstName: claims.given_name ?? null,
    lastName: claims.family_name ?? null,
    emailVerified: claims.email_verified,
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  };
}
