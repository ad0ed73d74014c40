import type { settingFindingCatalogue } from "@libs/problems/findings";
import { type Finding, finding } from "@libs/problems/findings";

type Code = keyof typeof settingFindingCatalogue;

/** Of a realm, as far as the reader may see it; lifetimes in seconds, 0 or none: not limited here. */
export interface RealmSettings {
  accessTokenLifespan?: number;
  ssoSessionIdleTimeout?: number;
  ssoSessionMaxLifespan?: number;
  offlineSessionIdleTimeout?: number;
  offlineSessionMaxLifespanEnabled?: boolean;
  offlineSessionMaxLifespan?: number;
  bruteForceProtected?: boolean;
  permanentLockout?: boolean;
  maxTemporaryLockouts?: number;
  failureFactor?: number;
  waitIncrementSeconds?: number;
  maxFailureWaitSeconds?: number;
  quickLoginCheckMilliSeconds?: number;
  duplicateEmailsAllowed?: boolean;
  loginWithEmailAllowed?: boolean;
  registrationEmailAsUsername?: boolean;
  verifyEmail?: boolean;
  smtpServer?: object;
  passwordPolicy?: string;
  /** Seconds since the epoch. */
  notBefore?: number;
}

const FOREVER_SECONDS = 365 * 24 * 3_600;
/** Of wrong passwords before a lock. Keycloak's own default is 30; who mistypes needs a few. */
const SANE_FAILURES = { least: 3, most: 50 };
/** The gateway keeps so long between two failures of one account, unless `LOGIN_FAILURE_PAUSE_MS` is set. Milliseconds. */
const FAILURE_PAUSE_MS = 1_000;
const LONGEST_LOCK_SECONDS = 24 * 3_600;

/**
 * What follows from a realm's settings; a setting that the reader may not see is left out.
 * @param now milliseconds since the epoch
 */
export function realmSettingFindings(settings: RealmSettings, now: number): Finding[] {
  return [
    ...lifeFindings(settings),
    ...bruteForceFindings(settings),
    ...loginFindings(settings),
    ...notBeforeFindings(settings.notBefore, now),
  ];
}

/** @param notBefore seconds since the epoch; @param now milliseconds since the epoch */
export function notBeforeFindings(notBefore: number | undefined, now: number, whose = "the realm"): Finding[] {
  if (notBefore === undefined || notBefore * 1000 <= now) return [];
  return [finding("realm.not_before_future", `of ${whose}: ${new Date(notBefore * 1000).toISOString()}`)];
}

function lifeFindings(settings: RealmSettings): Finding[] {
  const { accessTokenLifespan, ssoSessionIdleTimeout: idle, ssoSessionMaxLifespan: max } = settings;
  if (accessTokenLifespan === undefined || idle === undefined || max === undefined) return [];
  const { offlineSessionIdleTimeout: offlineIdle, offlineSessionMaxLifespanEnabled: isLimited } = settings;
  const lives: Record<string, number> = { idle, max };
  // Offline sessions have no end of their own, unless they are given one.
  if (offlineIdle) lives["offline idle"] = offlineIdle;
  if (isLimited && settings.offlineSessionMaxLifespan) lives["offline max"] = settings.offlineSessionMaxLifespan;
  const isShort = Math.min(...Object.values(lives)) <= accessTokenLifespan;
  if (!isShort && max <= FOREVER_SECONDS) return [];
  const all = Object.entries({ ...lives, "access token": accessTokenLifespan });
  return [finding("realm.session_life", all.map(([name, seconds]) => `${name} ${seconds} s`).join(", "))];
}

function bruteForceFindings(settings: RealmSettings): Finding[] {
  if (!settings.bruteForceProtected) return [];
  const { permanentLockout, maxTemporaryLockouts = 0, failureFactor, quickLoginCheckMilliSeconds: quick } = settings;
  const wrong: [boolean, string][] = [
    [failureFactor !== undefined && failureFactor < SANE_FAILURES.least, `failureFactor is ${failureFactor}`],
    [failureFactor !== undefined && failureFactor > SANE_FAILURES.most, `failureFactor is ${failureFactor}`],
    [settings.waitIncrementSeconds === 0, "waitIncrementSeconds is 0: nobody is ever locked"],
    [
      !permanentLockout && (settings.maxFailureWaitSeconds ?? 0) > LONGEST_LOCK_SECONDS,
      `maxFailureWaitSeconds is ${settings.maxFailureWaitSeconds}`,
    ],
    [
      quick !== undefined && quick > FAILURE_PAUSE_MS,
      `quickLoginCheckMilliSeconds is ${quick}: two failures within that time lock the account, and the gateway keeps ${FAILURE_PAUSE_MS} between them`,
    ],
  ];
  const details = wrong.flatMap(([isWrong, text]) => (isWrong ? [text] : []));
  return [
    ...(details.length > 0 ? [finding("realm.brute_force_settings", details.join(", "))] : []),
    // With temporary lockouts before it, a permanent one takes an attack of days.
    ...(permanentLockout && maxTemporaryLockouts === 0
      ? [finding("realm.permanent_lockout", `after ${failureFactor ?? "some"} wrong passwords`)]
      : []),
  ];
}

function loginFindings(settings: RealmSettings): Finding[] {
  const { verifyEmail, smtpServer, passwordPolicy = "" } = settings;
  const canSend = Object.hasOwn(smtpServer ?? {}, "host");
  const [, days] = /forceExpiredPasswordChange\((\d+)\)/.exec(passwordPolicy) ?? [];
  const wrong: [boolean | undefined, Code, string?][] = [
    [settings.duplicateEmailsAllowed, "realm.duplicate_emails"],
    // With duplicates Keycloak switches it off by itself.
    [settings.loginWithEmailAllowed === false && !settings.duplicateEmailsAllowed, "realm.login_with_email_off"],
    [settings.registrationEmailAsUsername, "realm.email_as_username"],
    [verifyEmail && !canSend, "realm.verify_email_without_smtp"],
    [verifyEmail && canSend, "realm.verify_email"],
    [days !== undefined, "realm.passwords_expire", `after ${days} days`],
  ];
  return wrong.flatMap(([isWrong, code, detail]) => (isWrong ? [finding(code, detail ?? null)] : []));
}
