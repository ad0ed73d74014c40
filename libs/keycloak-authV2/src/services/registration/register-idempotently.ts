import { randomUUID } from "node:crypto";
import type {
  IdempotencyHolder,
  IdempotencyRepository,
  RegistrationRepository,
  StoredAnswer,
  User,
  UserRepository,
} from "@libs/database";
import { AuthError, type AuthErrorCode, type FieldError } from "@libs/problems";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import { later } from "../shared/back-off.ts";
import { toAuthError } from "../shared/database-failure.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { RegisterUserInput, RegistrationAttempt } from "./register-user.ts";

type AnswerOnceDeps = Pick<SyncDeps, "logger" | "background" | "now"> & {
  idempotency: Pick<IdempotencyRepository, "keep" | "release">;
};

type OutcomeOfEarlierDeps = Pick<SyncDeps, "now" | "wake"> & {
  registrations: Pick<RegistrationRepository, "beginUndo" | "findById">;
  users: Pick<UserRepository, "findById">;
};

/** PORT: `registerUser`: one attempt at a registration. */
export type RegisterUser = (input: RegisterUserInput, attempt: RegistrationAttempt) => Promise<User>;

/** For {@link registerIdempotently}: what the key needs, and who registers. */
export type RegisterIdempotentlyDeps = Pick<
  SyncDeps,
  "now" | "registrationTimes" | "idempotencyTtlMs" | "fingerprint"
> & {
  idempotency: Pick<IdempotencyRepository, "claim" | "attach">;
  metrics: Pick<AuthMetrics, "idempotentRequest">;
  register: RegisterUser;
} & AnswerOnceDeps &
  OutcomeOfEarlierDeps;

const scope = "POST /auth/register";
/** What says something about the request, and so stays true. A 5xx frees the key for a retry. */
const keptStatuses = [400, 409];

/**
 * Registers under an `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): the same request gets the same
 * answer again, whatever became of the process that made it. Each attempt has a registration of its own.
 * @throws AuthError `idempotency.key_reused` | `idempotency.in_flight`, and what `register` throws
 */
export async function registerIdempotently(
  deps: RegisterIdempotentlyDeps,
  input: RegisterUserInput,
  key: string,
  client?: RegistrationAttempt["client"],
): Promise<User> {
  const now = deps.now();
  const id = randomUUID();
  const holder: IdempotencyHolder = { scope, key, lockedUntil: later(now, deps.registrationTimes.recoveryAfterMs) };
  const outcome = await deps.idempotency.claim({
    ...holder,
    fingerprints: deps.fingerprint(input),
    registrationId: id,
    now,
    expiresAt: later(now, deps.idempotencyTtlMs),
  });
  deps.metrics.idempotentRequest(outcome.state);
  if (outcome.state === "reused") throw new AuthError("idempotency.key_reused");
  if (outcome.state === "in_flight") throw new AuthError("idempotency.in_flight");
  if (outcome.state === "answered") return replay(outcome);
  return await answerOnce(deps, holder, async () => {
    const done = outcome.earlier === null ? null : await outcomeOfEarlier(deps, outcome.earlier);
    if (done) return done;
    if (outcome.earlier !== null) await deps.idempotency.attach(holder, id);
    return await deps.register(input, { id, idempotencyKey: key, ...(client && { client }) });
  });
}

/** Keeps what stays true, frees the key for anything else; a failure to do so changes no answer: the lock ends. */
async function answerOnce(deps: AnswerOnceDeps, holder: IdempotencyHolder, work: () => Promise<User>): Promise<User> {
  const ignore = (error: unknown) => deps.logger.warn({ err: error }, "idempotency key could not be written");
  try {
    const user = await work();
    await deps.background.finish(() => deps.idempotency.keep(holder, { status: 201, answer: user })).catch(ignore);
    return user;
  } catch (thrown) {
    const error = toAuthError(thrown);
    const { code, errors } = error;
    const write = keptStatuses.includes(error.status)
      ? () => deps.idempotency.keep(holder, { status: error.status, answer: { code, errors } })
      : () => deps.idempotency.release(holder, deps.now());
    await deps.background.finish<unknown>(write).catch(ignore);
    throw thrown;
  }
}

/**
 * What became of an attempt whose answer was not kept. One that is still open is taken back first: then it can't be
 * completed any more behind the next one.
 * @returns the user where it was completed
 */
async function outcomeOfEarlier(deps: OutcomeOfEarlierDeps, registrationId: string): Promise<User | null> {
  const now = deps.now();
  // Due at once: nobody else works on it any more.
  if (await deps.registrations.beginUndo(registrationId, null, "registration.repeated", now, now)) {
    deps.wake("registrations");
    return null;
  }
  const row = await deps.registrations.findById(registrationId);
  if (row?.state !== "completed" || row.keycloakUserId === null) return null;
  return await deps.users.findById(row.keycloakUserId);
}

function replay({ status, answer }: StoredAnswer): User {
  if (status === 201) return revive(answer as Record<string, unknown>);
  const { code, errors } = answer as { code: AuthErrorCode; errors?: FieldError[] };
  throw new AuthError(code, errors ? { errors } : {});
}

const times = ["lastLoginAt", "syncedAt", "createdAt", "updatedAt", "deletedAt"];

/** JSON has no dates. */
function revive(kept: Record<string, unknown>): User {
  const revived = times.map((name) => [name, kept[name] === null ? null : new Date(String(kept[name]))] as const);
  return { ...kept, ...Object.fromEntries(revived) } as unknown as User;
}
