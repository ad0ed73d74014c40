import { AuthError } from "@libs/problems";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/**
 * How far clocks may differ when a token's times are checked. Seconds.
 * @example
 * ```ts
 * import { CLOCK_TOLERANCE_SECONDS } from "@libs/auth-guard/keycloak";
 *
 * export const isExpired = (exp: number) => exp + CLOCK_TOLERANCE_SECONDS < Date.now() / 1000;
 * ```
 */
export const CLOCK_TOLERANCE_SECONDS = 10;

const roles = Type.Object({ roles: Type.Optional(Type.Array(Type.String())) });
const text = Type.Optional(Type.Union([Type.String(), Type.Null()]));

const schema = Type.Object({
  sub: Type.String({ minLength: 1 }),
  typ: Type.Literal("Bearer"),
  azp: Type.String({ minLength: 1 }),
  iat: Type.Number(),
  exp: Type.Number(),
  sid: Type.Optional(Type.String({ minLength: 1 })),
  client_id: Type.Optional(Type.String()),
  preferred_username: Type.Optional(Type.String()),
  email: text,
  given_name: text,
  family_name: text,
  email_verified: Type.Optional(Type.Boolean()),
  realm_access: Type.Optional(roles),
  // By default the names of a record are matched by `.*`, which has no line breaks.
  resource_access: Type.Optional(
    Type.Record(Type.String({ pattern: "^[^]*$" }), roles, { additionalProperties: false }),
  ),
});

/**
 * What is read of an access token of Keycloak's; it may have more.
 * @see {@link readAccessTokenClaims}
 */
export type AccessTokenPayload = Static<typeof schema>;

/**
 * Checks the form of a verified token's claims. Whose session it is of (`sid`) is each reader's own rule.
 * @param payload of a token whose signature was checked
 * @throws AuthError `token.invalid`, which names the claims that are not as Keycloak writes them
 * @example
 * ```ts
 * import { type AccessTokenPayload, personOf, readAccessTokenClaims, rolesOf } from "@libs/auth-guard/keycloak";
 *
 * const payload: unknown = { sub: "ada", typ: "Bearer", azp: "gateway", iat: 1_700_000_000, exp: 1_700_000_300 };
 * const claims: AccessTokenPayload = readAccessTokenClaims(payload);
 * export const { username, expiresAt } = personOf(claims);
 * export const { realm, clients } = rolesOf(claims);
 * ```
 */
export function readAccessTokenClaims(payload: unknown): AccessTokenPayload {
  if (Value.Check(schema, payload)) return payload;
  const names = [...Value.Errors(schema, payload)].map(({ path }) => path.slice(1).replaceAll("/", "."));
  throw new AuthError("token.invalid", { internal: `claims: ${[...new Set(names)].join(", ")}` });
}

/**
 * The person and the times of a token, in our own words.
 * @param claims what {@link readAccessTokenClaims} returned
 * @see {@link readAccessTokenClaims}
 */
export function personOf(claims: AccessTokenPayload) {
  return {
    sub: claims.sub,
    username: claims.preferred_username ?? "",
    email: claims.email ?? null,
    firstName: claims.given_name ?? null,
    lastName: claims.family_name ?? null,
    emailVerified: claims.email_verified ?? false,
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  };
}

/**
 * The roles of a token, as its claims group them.
 * @param claims what {@link readAccessTokenClaims} returned
 * @see {@link readAccessTokenClaims}
 */
export function rolesOf(claims: AccessTokenPayload): { realm: string[]; clients: [client: string, roles: string[]][] } {
  const clients = Object.entries(claims.resource_access ?? {}).filter(([client]) => client !== "__proto__");
  return {
    realm: claims.realm_access?.roles ?? [],
    clients: clients.map(([client, { roles: held = [] }]) => [client, held]),
  };
}
