import type { Session, User } from "@libs/database";
import { DEFAULT_USER_PROFILE } from "@libs/keycloak-authV2";
import type { LoginInput } from "@libs/keycloak-authV2/services/sync";
import { createTestAuth, type LoginDeps, login } from "@libs/keycloak-authV2/testing";
import { BackgroundTasks, createLogger, Registry, silentLogger } from "@libs/observability";
import { type AppDeps, createApp } from "../app.ts";
import { clientAddress } from "../http/client-address.ts";

/** A gateway that listens on a free port of this machine, over services that always succeed. */
export interface StubGateway {
  url: string;
  /** Names of the service calls that were made: empty when a request was refused before any. */
  calls: string[];
  /** Everything that was logged, as JSON lines. */
  log: () => string;
  post: (path: string, body: Bun.BodyInit | null, headers?: Record<string, string>) => Promise<Response>;
  stop: () => Promise<void>;
}

export const now = new Date("2026-11-23T12:00:00.000Z");

export const ada: User = {
  id: "8d3b1d1a-0c52-4d0a-9f7e-3d5b7a1f0c11",
  username: "ada",
  email: "ada@example.com",
  firstName: "Ada",
  lastName: "Lovelace",
  emailVerified: false,
  enabled: true,
  storeId: null,
  organizationId: null,
  metadata: {},
  lastLoginAt: null,
  loginCount: 0,
  syncedAt: now,
  createdAt: now,
  updatedAt: now,
  deletedAt: null,
};

export const tokens = {
  access_token: "access",
  expires_in: 300,
  refresh_token: "refresh",
  refresh_expires_in: 1800,
  token_type: "Bearer",
  session_state: "sid-sid-sid-sid-sid-sid-",
};

/** Tokens for the routes for people. */
export const testAuth = await createTestAuth();

const unlimited: AppDeps["limits"] = {
  login: (_subject, _address, work) => work(),
  register: (_subject, _address, work) => work(),
  refresh: (_subject, _address, work) => work(),
};

/** @param overrides deps of the app that differ from the stubs */
export function stubGateway(overrides: Partial<AppDeps> = {}): StubGateway {
  const lines: string[] = [];
  const calls: string[] = [];
  const app = createApp({
    ...stubDeps((name) => calls.push(name)),
    logger: createLogger({ destination: { write: (line) => lines.push(line) } }),
    ...overrides,
  }).listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${app.server?.port}`;
  return {
    url,
    calls,
    log: () => lines.join(""),
    post: (path, body, headers = { "content-type": "application/json" }) =>
      fetch(url + path, { method: "POST", body, headers }),
    stop: async () => {
      await app.stop(true);
    },
  };
}

/** @param called with the name of each service call */
export function stubDeps(called: (name: string) => void = () => {}): AppDeps {
  return {
    ...stubServices(called),
    auth: testAuth.plugin,
    clientAddress: clientAddress([]),
    limits: unlimited,
    readiness: async () => ({ ready: true, checks: { keycloak: "up", database: "up" } }),
    registry: new Registry(),
    logger: createLogger({ destination: { write: () => {} } }),
    corsOrigins: [],
    metricsToken: undefined,
    requestTimeoutMs: 2_000,
    isStopping: () => false,
  };
}

function stubServices(called: (name: string) => void): Pick<AppDeps, "integration" | "sync"> {
  const { id } = ada;
  return {
    integration: { assertRoom: () => {} },
    sync: {
      registerUser: async () => {
        called("registerUser");
        return { success: true, userId: id, localUser: ada };
      },
      realmProfile: { current: async () => DEFAULT_USER_PROFILE },
      login: stubLogin({ called }),
      refreshSession: async () => {
        called("refreshSession");
        return tokens;
      },
      logoutSession: async () => {
        called("logoutSession");
      },
      findUser: async () => ada,
      listSessions: async () => [],
      endOwnSession: async () => {
        called("endOwnSession");
      },
      logoutPerson: async () => {
        called("logoutPerson");
        return { ended: 1, complete: true };
      },
      listActivity: async () => [],
    },
  };
}

/**
 * The login of `UserSyncService`, over a Keycloak and a database that always say yes.
 * @param parts.called with the name of each step
 * @param parts.steps those that differ
 */
export function stubLogin({
  called = () => {},
  ...steps
}: Partial<LoginDeps> & { called?: (name: string) => void }): AppDeps["sync"]["login"] {
  const { id, username, email, firstName, lastName, emailVerified } = ada;
  const person = { userId: id, username, email, firstName, lastName, emailVerified };
  const deps: LoginDeps = {
    authentication: {
      assertRoom: () => {},
      authenticateWithPassword: async () => {
        called("authenticateWithPassword");
        return { success: true, ...person, sessionId: "session-1", tokens };
      },
    },
    store: async ({ sessionData: { sessionId, keycloakSessionId } }) => {
      called("store");
      return { user: ada, session: { sessionId, keycloakSessionId, userId: id } as Session };
    },
    undo: () => called("undo"),
    business: { knows: async () => ({ store: true, organization: true }) },
    activities: { appendFailedLogin: async () => {} },
    background: new BackgroundTasks(silentLogger),
    now: () => now,
    ...steps,
  };
  return (input: LoginInput, options?: object) => login(deps, input, { answer: (it) => it as never, ...options });
}
