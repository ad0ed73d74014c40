import { AuthError } from "@libs/problems";
import { z } from "zod";
import type { KeycloakSession, KeycloakUser } from "../../ports/ports.ts";

const user = z.object({
  id: z.string().min(1),
  username: z.string().min(1),
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  emailVerified: z.boolean().nullish(),
  enabled: z.boolean().nullish(),
  createdTimestamp: z.number().nullish(),
  attributes: z.record(z.string(), z.array(z.string())).nullish(),
  requiredActions: z.array(z.string()).nullish(),
  /** Seconds since the epoch. */
  notBefore: z.number().nullish(),
});

const session = z.object({
  id: z.string().min(1),
  userId: z.string(),
  username: z.string(),
  ipAddress: z.string().default(""),
  start: z.number(),
  lastAccess: z.number(),
  /** By internal id: the client's own. */
  clients: z.record(z.string(), z.string()).nullish(),
});

const credentials = z.array(z.object({ type: z.string().nullish(), createdDate: z.number().nullish() }));

/** @throws AuthError `keycloak.unavailable` when the answer is not a user */
export function readUser(answer: unknown): KeycloakUser {
  const found = read(user, answer);
  return {
    id: found.id,
    username: found.username,
    email: found.email ?? null,
    firstName: found.firstName ?? null,
    lastName: found.lastName ?? null,
    emailVerified: found.emailVerified ?? false,
    enabled: found.enabled ?? false,
    createdAt: found.createdTimestamp == null ? null : new Date(found.createdTimestamp),
    attributes: found.attributes ?? {},
    requiredActions: found.requiredActions ?? [],
    notBefore: found.notBefore ? new Date(found.notBefore * 1000) : null,
  };
}

/** @throws AuthError `keycloak.unavailable` when the answer is not a list of users */
export function readUsers(answer: unknown): KeycloakUser[] {
  return read(z.array(z.unknown()), answer).map(readUser);
}

/** @throws AuthError `keycloak.unavailable` when the answer is not a number */
export function readCount(answer: unknown): number {
  return read(z.number().int(), answer);
}

/** @throws AuthError `keycloak.unavailable` when the answer is not a list of sessions */
export function readSessions(answer: unknown, clientId: string): KeycloakSession[] {
  return read(z.array(session), answer).map(({ clients, ...found }) => ({
    ...found,
    start: new Date(found.start),
    lastAccess: new Date(found.lastAccess),
    ours: !clients || Object.values(clients).includes(clientId),
  }));
}

/**
 * When the password was set; undefined: there is none among these.
 * @throws AuthError `keycloak.unavailable` when the answer is not a list of credentials
 */
export function readPasswordDate(answer: unknown): Date | null | undefined {
  const dates = read(credentials, answer).flatMap(({ type, createdDate }) =>
    type === "password" ? [createdDate] : [],
  );
  if (dates.length === 0) return undefined;
  const newest = Math.max(...dates.map((date) => date ?? 0));
  return newest > 0 ? new Date(newest) : null;
}

const consents = z.array(
  z.object({ additionalGrants: z.array(z.object({ key: z.string(), client: z.string().min(1) })).default([]) }),
);

/**
 * The clients that hold offline tokens of a user. Only the list of consents names them to an account that may not list
 * clients (Keycloak's `UserResource.getConsents`).
 * @returns internal ids of clients
 * @throws AuthError `keycloak.unavailable` when the answer is not a list of consents
 */
export function readOfflineClients(answer: unknown): string[] {
  const grants = read(consents, answer).flatMap(({ additionalGrants }) => additionalGrants);
  return [...new Set(grants.filter(({ key }) => key === "Offline Token").map(({ client }) => client))];
}

function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new AuthError("keycloak.unavailable", { internal: `the answer has an unknown form (${fields})` });
}
