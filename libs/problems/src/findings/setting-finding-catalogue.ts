import { APPLY, type CatalogueEntry, error, IF_MEANT, note, warning } from "./catalogue-entry.ts";

/** Findings about settings of a realm and its client that work, each for itself, and surprise in what follows from them. */
export const settingFindingCatalogue = {
  "realm.brute_force_settings": warning(
    "the protection against guessing is too weak, or keeps people out who only mistyped",
    APPLY,
  ),
  "realm.permanent_lockout": warning(
    "wrong passwords lock an account for good: anybody who knows a name can lock its owner out",
    "switch permanent lockout off, or count temporary lockouts first",
  ),
  "realm.session_life": error(
    "sessions end before their access token does, or live on for ever",
    "set idle and max of the realm's sessions, online and offline, above the access token lifespan",
  ),
  "client.session_life": error(
    "sessions of the gateway's client end before their access token does",
    "set the client's (or the realm's client) session idle and max above the access token lifespan, or leave them out",
  ),
  "client.offline_by_default": warning(
    "every login gets an offline session: it outlives the realm's limits of sessions, and a restart",
    "make the client scope `offline_access` optional for this client",
  ),
  "realm.duplicate_emails": error(
    "the realm lets two users have one email; here an email belongs to one",
    "switch duplicate emails off in the realm's login settings",
  ),
  "realm.login_with_email_off": note("people can't log in with their email (loginWithEmailAllowed)", IF_MEANT),
  "realm.email_as_username": note(
    "the email is the username (registrationEmailAsUsername): the username of a registration is not what Keycloak stores",
    IF_MEANT,
  ),
  "realm.verify_email": note(
    "who registers can log in only after verifying the email: Keycloak sends that mail at the first login in a browser",
    IF_MEANT,
  ),
  "realm.verify_email_without_smtp": error(
    "emails have to be verified, and the realm can't send any: who registers can never log in",
    "set the realm's SMTP server, or switch Verify email off",
  ),
  "realm.default_actions": warning(
    "every new user must do something on Keycloak's pages first: until then a login is 403 auth.action_required",
    `${IF_MEANT}; else switch "Set as default action" off for these required actions`,
  ),
  "realm.account_page_off": warning(
    "the realm's account page is off: `actionUrl` of auth.action_required leads people nowhere",
    "enable the realm's client `account`",
  ),
  "realm.passwords_expire": note(
    "passwords expire (forceExpiredPasswordChange): then a login is 403 auth.action_required until it was changed",
    IF_MEANT,
  ),
  "realm.not_before_future": error(
    "tokens are void until a moment to come (notBefore), those of new logins too",
    "clear it: Sessions → Revocation in Keycloak's console, or set the clocks right",
  ),
  "user_profile.mark_editable": error(
    "people may edit the attribute that marks registrations: a forged mark can make one be taken for another",
    APPLY,
  ),
  "service_account.users_hidden": error(
    "Keycloak leaves users out of the service account's lists and counts, though it shows each by id: scans find nobody",
    "give the fine-grained permission by a policy for the service account's user, not for the client",
  ),
  "events.kept_for_ever": note(
    "events are never deleted: Keycloak's event tables grow without end",
    "set an expiration: 7 days are what authctl realm apply sets",
  ),
} satisfies Record<string, CatalogueEntry>;
