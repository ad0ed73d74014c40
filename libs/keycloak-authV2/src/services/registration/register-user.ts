import { randomUUID } from "node:crypto";
import type { NewRegistration, RegistrationRepository, User } from "@libs/database";
import { UniqueViolationError } from "@libs/database";
import { deadlinePassed } from "@libs/observability";
import { AuthError, isAuthError } from "@libs/problems";
import { type KeycloakUserRepository, REGISTRATION_MARK } from "../../ports/ports.ts";
import type { CollisionResolution } from "../reconcile/resolve-collision.ts";
import { later } from "../shared/back-off.ts";
import { toAuthError } from "../shared/database-failure.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { type CheckReferencesDeps, checkReferences } from "./check-references.ts";
import { type NameHolderDeps, nameHolder } from "./name-holder.ts";
import { readCreatedUser } from "./read-created-user.ts";
import {
  assertAttributesStored,
  assertProfileInput,
  attributesOf,
  type ProfileInput,
  suitsAnyRealm,
} from "./registration-input.ts";
import {
  type UndoLostCreateDeps,
  type UndoRegistrationDeps,
  undoLostCreate,
  undoRegistration,
} from "./undo-registration.ts";

type CreateDeps = Pick<SyncDeps, "realmProfile" | "now" | "background"> & {
  registrations: Pick<RegistrationRepository, "fail">;
  keycloak: Pick<KeycloakUserRepository, "createUser">;
} & NameHolderDeps &
  UndoLostCreateDeps;

type CompleteDeps = Pick<SyncDeps, "realmProfile" | "now" | "background"> & {
  registrations: Pick<RegistrationRepository, "complete">;
  keycloak: Pick<KeycloakUserRepository, "getUser">;
  withCollisionResolved: CollisionResolution;
} & UndoRegistrationDeps;

/** For {@link registerUser}: its own times and the row, and what its steps use. */
export type RegisterUserDeps = Pick<SyncDeps, "realmProfile" | "now" | "registrationTimes"> & {
  registrations: Pick<RegistrationRepository, "begin">;
} & CheckReferencesDeps &
  CreateDeps &
  CompleteDeps;

/**
 * Which of names, email and attributes are needed, and which attributes there are, is the realm's to say.
 * @see {@link UserSyncService}
 */
export interface RegisterUserInput extends ProfileInput {
  password: string;
  storeId?: string | null;
  organizationId?: string | null;
  metadata?: Record<string, unknown>;
  emailVerified?: boolean;
  enabled?: boolean;
}

/** One attempt at a registration: a row and a mark of its own. */
export interface RegistrationAttempt {
  id: string;
  idempotencyKey?: string | null;
  /** For the activity log. */
  client?: { ipAddress: string | null; userAgent: string | null };
}

/**
 * The registration saga: a `registrations` row, the marked Keycloak user, that user read back, then local user and
 * completion in one transaction. Whatever fails after the Keycloak user was made is undone.
 * @returns the user as Keycloak stored it, which need not be what was sent
 * @throws AuthError `input.invalid` when the realm's user profile asks for more, or for less
 * @throws AuthError `registration.*` | `keycloak.*`; database errors as the repositories throw them
 */
export async function registerUser(
  deps: RegisterUserDeps,
  input: RegisterUserInput,
  { id, idempotencyKey = null, client }: RegistrationAttempt = { id: randomUUID() },
): Promise<User> {
  await checkReferences(deps, input);
  await checkProfile(deps, input);
  const registration = { ...describe(deps, input, client), id, idempotencyKey };
  await deps.registrations.begin(registration);
  const keycloakUserId = await createInKeycloak(deps, registration, input);
  return await completeLocally(deps, registration, keycloakUserId, input);
}

/** While the realm's profile was never read, what suits any realm goes on: Keycloak decides. */
async function checkProfile({ realmProfile }: Pick<SyncDeps, "realmProfile">, input: RegisterUserInput): Promise<void> {
  try {
    assertProfileInput(await realmProfile.current(), input);
  } catch (error) {
    if (isAuthError(error, "keycloak.unavailable", "keycloak.timeout") && suitsAnyRealm(input)) return;
    throw error;
  }
}

function describe(
  deps: Pick<SyncDeps, "now" | "registrationTimes">,
  input: RegisterUserInput,
  client: RegistrationAttempt["client"],
): Omit<NewRegistration, "id" | "idempotencyKey"> {
  const now = deps.now();
  return {
    // As Keycloak folds them, to find the user by, and to hold off others. What it stored is read back.
    username: (input.username || input.email || "").toLowerCase(),
    email: input.email?.toLowerCase() || null,
    profile: {
      firstName: input.firstName ?? null,
      lastName: input.lastName ?? null,
      emailVerified: input.emailVerified ?? false,
      enabled: input.enabled ?? true,
      storeId: input.storeId ?? null,
      organizationId: input.organizationId ?? null,
      metadata: input.metadata ?? {},
      ...(client && { client }),
    },
    now,
    recoverAt: later(now, deps.registrationTimes.recoveryAfterMs),
    lostUntil: later(now, deps.registrationTimes.lostCreateMs),
  };
}

async function createInKeycloak(
  deps: CreateDeps,
  registration: NewRegistration,
  input: RegisterUserInput,
): Promise<string> {
  const { id, username, email, profile } = registration;
  const { firstName, lastName, emailVerified, enabled } = profile;
  try {
    return await deps.keycloak.createUser({
      username,
      ...(email !== null && { email }),
      ...(firstName !== null && { firstName }),
      ...(lastName !== null && { lastName }),
      password: input.password,
      emailVerified,
      enabled,
      attributes: { ...attributesOf(input), [REGISTRATION_MARK]: [id] },
    });
  } catch (error) {
    throw await refusalOrLost(deps, registration, error);
  }
}

/** @returns what the caller learns of a create that brought no user */
async function refusalOrLost(deps: CreateDeps, registration: NewRegistration, error: unknown): Promise<unknown> {
  if (isAuthError(error, "registration.profile_rejected")) deps.realmProfile.forget();
  if (isAuthError(error) && error.code.startsWith("registration.")) {
    // A refusal for another reason than a taken name says nothing of who is there.
    const taken = error.status === 409 ? await settled(() => nameHolder(deps, registration, error.code)) : "taken";
    if (taken !== "own") {
      await deps.registrations.fail(registration.id, error.code, deps.now());
      return taken === "taken" ? error : taken;
    }
  }
  if (isAuthError(error) && error.neverSent) {
    await deps.registrations.fail(registration.id, error.code, deps.now());
    return error;
  }
  // No answer is not a no: the user may have been made all the same.
  const reason = codeOf(error);
  deps.background.run("undo lost create", () => undoLostCreate(deps, registration, reason));
  return isAuthError(error) && error.status === 409 ? new AuthError("registration.recovering") : error;
}

/** @returns the outcome, or the error in its place */
async function settled<T>(work: () => Promise<T>): Promise<T | AuthError> {
  try {
    return await work();
  } catch (error) {
    return toAuthError(error);
  }
}

async function completeLocally(
  deps: CompleteDeps,
  registration: NewRegistration,
  keycloakUserId: string,
  input: RegisterUserInput,
): Promise<User> {
  const { id } = registration;
  try {
    const stored = await readCreatedUser(deps.keycloak, keycloakUserId, registration);
    assertAttributesStored(input, stored);
    const local = profileOf(stored);
    // The caller has been answered that it failed: what it did not get must not exist.
    if (deadlinePassed()) throw new AuthError("request.timeout");
    const user = await deps.withCollisionResolved(local, () => deps.registrations.complete(id, local, deps.now()));
    if (user) return user;
    throw new AuthError("registration.undone", { internal: "another process undid this registration" });
  } catch (error) {
    if (isAuthError(error, "registration.profile_rejected")) deps.realmProfile.forget();
    // Finished whether or not the caller still waits for it.
    const outcome = await deps.background.finish(() => undoRegistration(deps, id, keycloakUserId, codeOf(error)));
    if (outcome.state === "completed") return outcome.user;
    // "Undone" is a guarantee: where the undo itself did not get through, the cause is the answer.
    throw outcome.state === "left" ? error : publicError(error);
  }
}

function publicError(error: unknown): AuthError {
  if (isAuthError(error, "keycloak.misconfigured", "registration.profile_rejected")) return error;
  const code = error instanceof UniqueViolationError ? "registration.conflict" : "registration.undone";
  return new AuthError(code, { cause: error });
}

function codeOf(error: unknown): string {
  if (isAuthError(error)) return error.code;
  return error instanceof Error ? error.name : "unknown";
}
