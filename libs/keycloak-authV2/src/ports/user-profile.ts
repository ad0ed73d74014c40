/**
 * One attribute of a realm's user profile, as it stands for people who register.
 * @see {@link UserProfile}
 */
export interface ProfileAttribute {
  /** `username`, `email`, `firstName`, `lastName`, or one of the realm's own. */
  name: string;
  /** Without it there is no registration. */
  required: boolean;
  /** People may set it, and so may we for them. */
  settable: boolean;
  multivalued: boolean;
  /** In characters; null: the realm sets no bound of its own. */
  maxLength: number | null;
  /** The values that are allowed; null: any. */
  options: string[] | null;
}

/**
 * What a realm asks of people, and lets them set (Keycloak Server Administration Guide, "Managing user attributes").
 * @see https://www.keycloak.org/docs/latest/server_admin/#user-profile
 * @example
 * ```ts
 * import { DEFAULT_USER_PROFILE, isBuiltIn, type ProfileAttribute, type UserProfile } from "@libs/keycloak-authV2";
 *
 * const phone: ProfileAttribute = {
 *   name: "phone",
 *   required: false,
 *   settable: true,
 *   multivalued: false,
 *   maxLength: 20,
 *   options: null,
 * };
 * const profile: UserProfile = { ...DEFAULT_USER_PROFILE, attributes: [...DEFAULT_USER_PROFILE.attributes, phone] };
 * export const ownNames = profile.attributes.map(({ name }) => name).filter((name) => !isBuiltIn(name)); // ["phone"]
 * ```
 */
export interface UserProfile {
  /** The email is used as username, whatever name is sent (`registrationEmailAsUsername`). */
  emailAsUsername: boolean;
  attributes: ProfileAttribute[];
  /** Attributes that Keycloak demands of whoever creates a user, and that people may not set: nobody can register. */
  blocked: string[];
  /** Attributes that people must give and we may not set for them: Keycloak asks for them before the first login. */
  askedByKeycloak: string[];
}

/** Attributes with a place of their own in a user's representation, and in the body of a registration. */
export const BUILT_IN_ATTRIBUTES = ["username", "email", "firstName", "lastName"] as const;
export type BuiltInAttribute = (typeof BUILT_IN_ATTRIBUTES)[number];

/**
 * Whether an attribute is one of `username`, `email`, `firstName` and `lastName`, which every realm has.
 * @param name of an attribute
 * @see {@link UserProfile}
 */
export const isBuiltIn = (name: string): name is BuiltInAttribute =>
  BUILT_IN_ATTRIBUTES.some((builtIn) => builtIn === name);

/**
 * A realm whose user profile nobody has changed; also what holds where the profile can't be read.
 * @see {@link UserProfile}
 */
export const DEFAULT_USER_PROFILE: UserProfile = {
  emailAsUsername: false,
  attributes: BUILT_IN_ATTRIBUTES.map((name) => ({
    name,
    required: true,
    settable: true,
    multivalued: false,
    maxLength: 255,
    options: null,
  })),
  blocked: [],
  askedByKeycloak: [],
};
