import { APPLY, type CatalogueEntry, error, IF_MEANT, note, warning } from "./catalogue-entry.ts";

/**
 * Findings about settings of a realm and its client that work, each for itself, and surprise in what follows from them.
 * @example
 * ```ts
 * import { settingFindingCatalogue } from "@libs/problems/findings";
 *
 * console.log(settingFindingCatalogue["realm.permanent_lockout"].todo);
 * ```
 */
export const settingFindingCatalogue = {
  "realm.brute_force_settings": warning(
    "the brute-force protection is too weak, or locks out users who only mistyped",
    APPLY,
  ),
  "realm.permanent_lockout": warning(
    "wrong passwords lock an account permanently: anyone who knows a username can lock its owner out",
    "switch permanent lockout off, or count temporary lockouts first",
  ),
  "realm.session_life": error(
    "sessions end before their access token does, or never end",
    "set idle and max of the realm's sessions, online and offline, above the access token lifespan",
  ),
  "client.session_life": error(
    "sessions of the gateway's client end before their access token does",
    "set the client's (or the realm's client) session idle and max above the access token lifespan, or leave them out",
  ),
  "client.offline_by_default": warning(
    "every login gets an offline session: it outlives the realm's session limits, and a restart",
    "make the client scope `offline_access` optional for this client",
  ),
  "realm.duplicate_emails": error(
    "the realm allows two users to have the same email; here an email belongs to one user",
    "switch duplicate emails off in the realm's login settings",
  ),
  "realm.login_with_email_off": note("users can't log in with their email (loginWithEmailAllowed)", IF_MEANT),
  "realm.email_as_username": note(
    "the email is the username (registrationEmailAsUsername): the username of a registration is not what Keycloak stores",
    IF_MEANT,
  ),
  "realm.verify_email": note(
    "new users can log in only after verifying their email: Keycloak sends that mail at the first login in a browser",
    IF_MEANT,
  ),
  "realm.verify_email_without_smtp": error(
    "emails have to be verified, and the realm can't send any: new users can never log in",
    "set the realm's SMTP server, or switch Verify email off",
  ),
  "realm.default_actions": warning(
    "every new user must complete an action on Keycloak's pages first: until then a login gets 403 auth.action_required",
    `${IF_MEANT}; else switch "Set as default action" off for these required actions`,
  ),
  "realm.account_page_off": warning(
    "the realm's account page is off: `actionUrl` of auth.action_required leads nowhere",
    "enable the realm's client `account`",
  ),
  "realm.passwords_expire": note(
    "passwords expire (forceExpiredPasswordChange): then a login gets 403 auth.action_required until the password is changed",
    IF_MEANT,
  ),
  "realm.not_before_future": error(
    "tokens are rejected until a time in the future (notBefore), those of new logins too",
    "clear it: Sessions → Revocation in Keycloak's console, or set the clocks right",
  ),
  "user_profile.mark_editable": error(
    "users may edit the attribute that marks registrations: a forged mark can make one registration pass for another",
    APPLY,
  ),
  "service_account.users_hidden": error(
    "Keycloak leaves users out of the service account's lists and counts, though it shows each by id: scans find no users",
    "give the fine-grained permission by a policy for the service account's user, not for the client",
  ),
  "events.kept_for_ever": note(
    "events are never deleted: Keycloak's event tables grow without limit",
    "set an expiration: authctl realm apply sets 7 days",
  ),
} satisfies Record<string, CatalogueEntry>;
