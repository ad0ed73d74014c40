import { AuthError } from "@libs/problems";
import { z } from "zod";
import { REGISTRATION_MARK } from "../ports/ports.ts";
import type { ProfileAttribute, UserProfile } from "../ports/user-profile.ts";

const roles = z.array(z.string()).nullish();

const attribute = z.object({
  name: z.string().min(1),
  required: z.object({ roles, scopes: roles }).nullish(),
  permissions: z.object({ view: roles, edit: roles }).nullish(),
  multivalued: z.boolean().nullish(),
  defaultValue: z.string().nullish(),
  validations: z.record(z.string(), z.unknown()).nullish(),
});
type Declared = z.output<typeof attribute>;

const configuration = z.object({ attributes: z.array(attribute) });
const metadata = z.object({ attributes: z.array(z.object({ name: z.string(), readOnly: z.boolean().nullish() })) });

/**
 * Names that mean something to Keycloak itself. Its forms keep people from setting them, its admin API does not
 * (`DeclarativeUserProfileProviderFactory.DEFAULT_READ_ONLY_ATTRIBUTES`, and what other providers store at a user).
 */
const RESERVED =
  /^(KERBEROS_PRINCIPAL|LDAP_ID|LDAP_ENTRY_DN|CREATED_TIMESTAMP|createTimestamp|modifyTimestamp|userCertificate|saml\.persistent\.name\.id\.for\..*|ENABLED|EMAIL_VERIFIED|disabledReason|kc\..*|locale|did|terms_and_conditions|is_temporary_admin|__proto__)$/i;

/**
 * What the realm's user profile asks of a registration.
 * @param profile answer of `GET /users/profile`: what the realm declares
 * @param seenByUs answer of `GET /users/profile/metadata`: how it stands for an administrator who creates a user
 * @throws AuthError `keycloak.unavailable` when an answer has another form
 * @see {@link createAdminApi}
 */
export function readUserProfile(profile: unknown, seenByUs: unknown): UserProfile {
  const declared = read(configuration, profile).attributes;
  const username = read(metadata, seenByUs).attributes.find(({ name }) => name === "username");
  const emailAsUsername = username?.readOnly ?? false;
  const judged = declared
    .filter(({ name }) => name !== REGISTRATION_MARK)
    .map((found) => ({ found, demands: demandsOf(found, emailAsUsername), settable: isSettable(found) }));
  return {
    emailAsUsername,
    attributes: judged.map(({ found, demands, settable }) => describe(found, settable && demands.any, settable)),
    blocked: namesOf(judged.filter(({ demands, settable }) => demands.ofUs && !settable)),
    askedByKeycloak: namesOf(judged.filter(({ demands, settable }) => demands.ofPeople && !demands.ofUs && !settable)),
  };
}

const namesOf = (judged: { found: Declared }[]) => judged.map(({ found }) => found.name);

function describe(
  { name, multivalued, validations }: Declared,
  required: boolean,
  settable: boolean,
): ProfileAttribute {
  const max = Number(bound(validations, "length", "max"));
  const options = bound(validations, "options", "options");
  return {
    name,
    required,
    settable,
    multivalued: multivalued ?? false,
    maxLength: Number.isInteger(max) && max > 0 ? max : null,
    options: Array.isArray(options) ? options.filter((option) => typeof option === "string") : null,
  };
}

function bound(validations: Declared["validations"], validator: string, name: string): unknown {
  const settings = validations?.[validator];
  return typeof settings === "object" && settings !== null ? Reflect.get(settings, name) : undefined;
}

/** Who may edit; username and email may be edited by everybody where nothing is said. */
function mayEdit({ name, permissions }: Declared, role: "user" | "admin"): boolean {
  if (!permissions && (name === "username" || name === "email")) return true;
  return permissions?.edit?.includes(role) ?? false;
}

const isSettable = (found: Declared) => mayEdit(found, "user") && mayEdit(found, "admin") && !RESERVED.test(found.name);

/**
 * Of whom Keycloak demands an attribute: it does of nobody who may not edit it, nor where there is a default. Demands for a
 * scope are left out, since they hold for some logins only.
 */
function demandsOf(found: Declared, emailAsUsername: boolean) {
  const { name, required, defaultValue } = found;
  const always = (name === "username" && !emailAsUsername) || (name === "email" && emailAsUsername);
  const unscoped = required && !required.scopes?.length && !defaultValue ? (required.roles ?? []) : undefined;
  const names = (role: "user" | "admin") =>
    always || (unscoped !== undefined && (unscoped.length === 0 || unscoped.includes(role)) && mayEdit(found, role));
  const [ofPeople, ofUs] = [names("user"), names("admin")];
  if (name === "username" && emailAsUsername) return { ofPeople: false, ofUs: false, any: false };
  return { ofPeople, ofUs, any: ofPeople || ofUs };
}

function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AuthError("keycloak.unavailable", { internal: "the answer is no user profile" });
}
