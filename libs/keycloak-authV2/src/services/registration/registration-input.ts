import { AuthError, type FieldError } from "@libs/problems";
import type { KeycloakUser } from "../../ports/ports.ts";
import { BUILT_IN_ATTRIBUTES, DEFAULT_USER_PROFILE, isBuiltIn, type UserProfile } from "../../ports/user-profile.ts";

/** What of a registration the realm's user profile rules. */
export interface ProfileInput {
  username?: string | null | undefined;
  email?: string | null | undefined;
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
  /** The realm's own attributes, by name. */
  attributes?: Record<string, string | string[]> | undefined;
}

/**
 * Whether the realm's user profile allows a registration with this input. Keycloak checks again what is sent; but we send
 * it as an administrator, who may set what people may not, and may leave out what people must give.
 * @throws AuthError `input.invalid` with each broken rule; `keycloak.misconfigured` when the realm lets nobody register
 */
export function assertProfileInput(profile: UserProfile, input: ProfileInput): void {
  if (profile.blocked.length > 0)
    throw new AuthError("keycloak.misconfigured", {
      internal: `the realm's user profile demands ${profile.blocked.join(", ")}, which people may not set`,
    });
  const errors = [...missing(profile, input), ...notSettable(profile, input)];
  if (errors.length > 0) throw new AuthError("input.invalid", { errors: errors.slice(0, 20) });
}

/** Whether it has all that a realm asks for by default, and nothing that only some realms have. */
export function suitsAnyRealm(input: ProfileInput): boolean {
  return missing(DEFAULT_USER_PROFILE, input).length === 0 && Object.keys(input.attributes ?? {}).length === 0;
}

function missing(profile: UserProfile, input: ProfileInput): FieldError[] {
  const given = new Map<string, string[]>([
    ...BUILT_IN_ATTRIBUTES.map((name) => [name, valuesOf(input[name])] as const),
    ...Object.entries(input.attributes ?? {}).map(([name, value]) => [name, valuesOf(value)] as const),
  ]);
  return profile.attributes
    .filter(({ name, required }) => required && !given.get(name)?.length)
    .map(({ name }) => ({ path: pathOf(name), message: "is required" }));
}

/** Others than the realm's own are dropped by Keycloak without a word, and some are not people's to set. */
function notSettable(profile: UserProfile, { attributes = {} }: ProfileInput): FieldError[] {
  const settable = new Set(profile.attributes.filter((found) => found.settable && !isBuiltIn(found.name)).map(nameOf));
  return Object.keys(attributes)
    .filter((name) => !settable.has(name))
    .map((name) => ({ path: pathOf(name), message: "is not an attribute that users of this realm can set" }));
}

/** As Keycloak's admin API takes them; blank ones, which it does not store, left out. */
export function attributesOf({ attributes = {} }: ProfileInput): Record<string, string[]> {
  const entries = Object.entries(attributes).map(([name, value]) => [name, valuesOf(value)] as const);
  return Object.fromEntries(entries.filter(([, values]) => values.length > 0));
}

/**
 * Attributes that were given and are not there, though Keycloak said yes: the realm's profile has changed since it was read.
 * @param stored the user read back
 * @throws AuthError `registration.profile_rejected`
 */
export function assertAttributesStored(input: ProfileInput, stored: KeycloakUser): void {
  const dropped = Object.keys(attributesOf(input)).filter((name) => !stored.attributes[name]?.length);
  if (dropped.length === 0) return;
  const errors = dropped.map((name) => ({ path: pathOf(name), message: "is not stored by this realm" }));
  throw new AuthError("registration.profile_rejected", { errors });
}

/** Where an attribute stands in the body of a registration. */
export const pathOf = (name: string): string => (isBuiltIn(name) ? name : `attributes.${name}`);

const nameOf = ({ name }: { name: string }) => name;

const valuesOf = (value: string | string[] | null | undefined): string[] =>
  (Array.isArray(value) ? value : [value ?? ""]).filter((text) => text.trim() !== "");
