import { randomUUID } from "node:crypto";
import type { KeycloakProfile, NewRegistration, User } from "@libs/database";
import { UniqueViolationError } from "@libs/database";
import { deadlinePassed } from "@libs/observability";
import { AuthError, isAuthError } from "../../errors/index.ts";
import { REGISTRATION_MARK } from "../../ports.ts";
import { checkReferences } from "./check-references.ts";
import { withCollisionResolved } from "./resolve-collision.ts";
import type { SyncDeps } from "./sync-deps.ts";
import { undoLostCreate, undoRegistration } from "./undo-registration.ts";

export interface RegisterUserInput {
  username: string;
  email: string;
  password: string;
  firstName: string;
  lastName: string;
  storeId?: string | null;
  organizationId?: string | null;
  metadata?: Record<string, unknown>;
  emailVerified?: boolean;
  enabled?: boolean;
}

/**
 * The registration saga: a `registrations` row, the marked Keycloak user, then local user and completion in one
 * transaction. Whatever fails after the Keycloak user was made is undone.
 * @throws AuthError `registration.*` | `keycloak.*`; database errors as the repositories throw them
 */
export async function registerUser(deps: SyncDeps, input: RegisterUserInput): Promise<User> {
  await checkReferences(deps, input);
  const registration = describe(input, deps.now());
  await deps.registrations.begin(registration);
  const keycloakUserId = await createInKeycloak(deps, registration, input.password);
  return await completeLocally(deps, registration, keycloakUserId);
}

function describe(input: RegisterUserInput, now: Date): NewRegistration {
  return {
    id: randomUUID(),
    // Keycloak folds both; the local copy must be what Keycloak holds.
    username: input.username.toLowerCase(),
    email: input.email.toLowerCase(),
    profile: {
      firstName: input.firstName,
      lastName: input.lastName,
      emailVerified: input.emailVerified ?? false,
      enabled: input.enabled ?? true,
      storeId: input.storeId ?? null,
      organizationId: input.organizationId ?? null,
      metadata: input.metadata ?? {},
    },
    idempotencyKey: null,
    now,
  };
}

async function createInKeycloak(deps: SyncDeps, registration: NewRegistration, password: string): Promise<string> {
  const { id, username, email, profile } = registration;
  const { firstName, lastName, emailVerified, enabled } = profile;
  try {
    return await deps.keycloak.createUser({
      username,
      email,
      firstName,
      lastName,
      password,
      emailVerified,
      enabled,
      attributes: { [REGISTRATION_MARK]: [id] },
    });
  } catch (error) {
    const refused = isAuthError(error) && error.code.startsWith("registration.");
    if (refused) await deps.registrations.fail(id, error.code, deps.now());
    // No answer is not a no: the user may have been made all the same.
    else deps.background.run("undo lost create", () => undoLostCreate(deps, registration, codeOf(error)));
    throw error;
  }
}

async function completeLocally(deps: SyncDeps, registration: NewRegistration, keycloakUserId: string): Promise<User> {
  const { id, username, email, profile } = registration;
  const { firstName, lastName, emailVerified, enabled } = profile;
  const local: KeycloakProfile = { id: keycloakUserId, username, email, firstName, lastName, emailVerified, enabled };
  try {
    await deps.checkMark(keycloakUserId, id);
    // The caller has been told that it failed: what it did not get must not exist.
    if (deadlinePassed()) throw new AuthError("request.timeout");
    const user = await withCollisionResolved(deps, local, () => deps.registrations.complete(id, local, deps.now()));
    if (user) return user;
    throw new AuthError("registration.undone", { internal: "another process undid this registration" });
  } catch (error) {
    // Finished whether or not the caller still waits for it.
    const outcome = await deps.background.finish(() => undoRegistration(deps, id, keycloakUserId, codeOf(error)));
    if (outcome.state === "completed") return outcome.user;
    // "Undone" is a promise: where the undo itself did not get through, the cause is the answer.
    throw outcome.state === "left" ? error : publicError(error);
  }
}

function publicError(error: unknown): AuthError {
  if (isAuthError(error, "keycloak.misconfigured")) return error;
  const code = error instanceof UniqueViolationError ? "registration.conflict" : "registration.undone";
  return new AuthError(code, { cause: error });
}

function codeOf(error: unknown): string {
  if (isAuthError(error)) return error.code;
  return error instanceof Error ? error.name : "unknown";
}
