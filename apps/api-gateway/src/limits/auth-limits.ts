import { isAuthError } from "@libs/problems";
import type { LimitKeys } from "./limit-keys.ts";
import type { AttemptEnd, LoginLocks } from "./login-locks.ts";
import type { Counted } from "./rate-limit-rows.ts";
import type { SharedLimit } from "./shared-limit.ts";

/** Runs `work` for somebody within the limits of its kind. @throws RateLimited, or what `work` throws */
export type WithinLimit = <T>(subject: string, address: string | undefined, work: () => Promise<T>) => Promise<T>;

export interface AuthLimits {
  /** @param subject username or email as it was sent */
  login: WithinLimit;
  /** @param subject the email as it was sent; the username where there is none */
  register: WithinLimit;
  /** @param subject session id */
  refresh: WithinLimit;
}

export interface AuthLimitParts {
  keys: LimitKeys;
  locks: LoginLocks;
  loginAccount: SharedLimit;
  loginAddress: SharedLimit;
  registerAccount: SharedLimit;
  registerAddress: SharedLimit;
  refreshSession: SharedLimit;
  refreshAddress: SharedLimit;
}

/**
 * The limits of /auth. A login waits for one statement, which takes its account's login lock and reads its failures, and for
 * another only when it fails or others did before it; a registration for one write; a refresh for one write in so many.
 */
export function createAuthLimits(parts: AuthLimitParts): AuthLimits {
  return {
    login: (subject, address, work) => limitLogin(parts, parts.keys.account(subject), keyOf(parts, address), work),
    register: (subject, address, work) =>
      limitRegister(parts, parts.keys.account(subject), keyOf(parts, address), work),
    refresh: async (subject, address, work) => {
      const from = keyOf(parts, address);
      await Promise.all([
        parts.refreshSession.spend(parts.keys.session(subject)),
        from && parts.refreshAddress.spend(from),
      ]);
      return await work();
    },
  };
}

const keyOf = ({ keys }: AuthLimitParts, address: string | undefined) =>
  address === undefined ? undefined : keys.address(address);

/**
 * What Keycloak's own guard counts as a failure. A denial is among them: the realm's flow may deny before it checks the
 * password, so that uncounted ones would reveal for free which accounts exist.
 */
const isFailure = (error: unknown) =>
  isAuthError(error, "auth.invalid_credentials", "auth.denied", "auth.session_limit");

/** Failures count, for the account and for the address; a success clears the account's. */
async function limitLogin<T>(
  { locks, loginAccount, loginAddress }: AuthLimitParts,
  account: string,
  address: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (address) await loginAddress.check(address);
  await loginAccount.check(account);
  const attempt = async (counted: Counted | null | undefined) => {
    const failures = await loginAccount.judge(account, counted);
    try {
      const result = await work();
      if (failures > 0) await loginAccount.clear(account);
      return result;
    } catch (error) {
      if (isFailure(error)) await Promise.all([loginAccount.count(account), address && loginAddress.count(address)]);
      throw error;
    }
  };
  return await locks.run(account, attempt, endOf);
}

function endOf(error: unknown): AttemptEnd {
  if (isFailure(error)) return "failed";
  const isLost = isAuthError(error, "keycloak.timeout", "keycloak.unavailable") && !error.neverSent && !error.answered;
  return isLost ? "unanswered" : "over";
}

/** Every attempt counts for the address; what finds a name taken counts for the name, so that nobody is hunted down. */
async function limitRegister<T>(
  { registerAccount, registerAddress }: AuthLimitParts,
  account: string,
  address: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await registerAccount.check(account);
  if (address) await registerAddress.spend(address);
  try {
    return await work();
  } catch (error) {
    const taken = isAuthError(
      error,
      "registration.username_taken",
      "registration.email_taken",
      "registration.conflict",
    );
    if (taken) await registerAccount.count(account);
    throw error;
  }
}
