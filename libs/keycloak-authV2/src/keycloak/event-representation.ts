import { AuthError } from "@libs/problems";
import { z } from "zod";
import type { EventsConfig, KeycloakAdminEvent, KeycloakUserEvent } from "../ports/ports.ts";

// Only what no event can be without is required: one odd event must not stand in the way of all that follow.
const userEvent = z.object({
  id: z.string().min(1),
  time: z.number(),
  type: z.string().nullish(),
  userId: z.string().nullish(),
  sessionId: z.string().nullish(),
  clientId: z.string().nullish(),
  error: z.string().nullish(),
  details: z.record(z.string(), z.unknown()).nullish(),
});

const adminEvent = z.object({
  id: z.string().min(1),
  time: z.number(),
  operationType: z.string().nullish(),
  resourceType: z.string().nullish(),
  /** None with a change of the realm itself. */
  resourcePath: z.string().nullish(),
  authDetails: z.object({ userId: z.string().nullish() }).nullish(),
  details: z.record(z.string(), z.unknown()).nullish(),
});

const config = z.object({
  eventsEnabled: z.boolean().nullish(),
  adminEventsEnabled: z.boolean().nullish(),
  enabledEventTypes: z.array(z.string()).nullish(),
  /** Seconds; 0: for ever. */
  eventsExpiration: z.number().nullish(),
});

/** @throws AuthError `keycloak.unavailable` when the answer is not a list of user events */
export function readUserEvents(answer: unknown): KeycloakUserEvent[] {
  return read(z.array(userEvent), answer).map(({ id, time, type, userId, sessionId, clientId, error, details }) => ({
    id,
    at: new Date(time),
    type: type ?? "",
    userId: userId ?? null,
    sessionId: sessionId ?? null,
    clientId: clientId ?? null,
    error: error ?? null,
    details: texts(details ?? {}),
  }));
}

/** @throws AuthError `keycloak.unavailable` when the answer is not a list of admin events */
export function readAdminEvents(answer: unknown): KeycloakAdminEvent[] {
  return read(z.array(adminEvent), answer).map((event) => ({
    id: event.id,
    at: new Date(event.time),
    operation: event.operationType ?? "",
    resourceType: event.resourceType ?? "",
    resourcePath: pathOf(event.operationType, event.resourcePath ?? ""),
    byUserId: event.authDetails?.userId ?? null,
    details: texts(event.details ?? {}),
  }));
}

/**
 * Up to 26.4 what is created through an address that ends in a slash, as the admin console and its client do, has a path
 * with two of them: `users//{id}`.
 */
function pathOf(operation: string | null | undefined, path: string): string {
  return operation === "CREATE" ? path.replace(/\/\/([^/]+)$/, "/$1") : path;
}

/** @throws AuthError `keycloak.unavailable` when the answer is not an event configuration */
export function readEventsConfig(answer: unknown): EventsConfig {
  const found = read(config, answer);
  return {
    userEventsEnabled: found.eventsEnabled ?? false,
    adminEventsEnabled: found.adminEventsEnabled ?? false,
    storedTypes: found.enabledEventTypes ?? [],
    userEventsKeptMs: found.eventsExpiration ? found.eventsExpiration * 1000 : null,
  };
}

function texts(details: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new AuthError("keycloak.unavailable", { internal: `the answer has an unknown form (${fields.slice(0, 200)})` });
}
