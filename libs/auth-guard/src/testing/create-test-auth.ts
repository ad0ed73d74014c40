import { randomBytes, randomUUID } from "node:crypto";
import type { ChangeChannel, GuardChange } from "@libs/postgres";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { guardPlugin, type KeycloakAuth } from "../elysia/guard-plugin.ts";
import { Guard } from "../guard/guard.ts";
import type { Grant } from "../guard/guard-repository.ts";
import { partsOfRole } from "../guard/role-name.ts";
import { JoseGuardTokenVerifier } from "../keycloak/guard-token-verifier.ts";
import { keysFromSet } from "./keys-from-set.ts";
import "./refuse-production.ts";

/**
 * The person to log in; what is left out is made up.
 * @see {@link createTestAuth}
 */
export interface TestPerson {
  /** Keycloak user id; made up when left out. */
  id?: string;
  username?: string;
  email?: string;
  emailVerified?: boolean;
  /** As a route asks for them: realm roles by name (`:name` where it has a colon), client roles as `client:role`. */
  roles?: readonly string[];
  /** What the person may do: everywhere as text, or in a store or organization. */
  permissions?: readonly (string | { permission: string; storeId?: string; organizationId?: string })[];
  storeId?: string | null;
  organizationId?: string | null;
  /** When the session started; now when left out. */
  startedAt?: Date;
}

/**
 * A person's live session, and the token to send.
 * @see {@link createTestAuth}
 */
export interface TestLogin {
  userId: string;
  sessionId: string;
  keycloakSessionId: string;
  token: string;
  /** `{ authorization: "Bearer …" }` */
  headers: { authorization: string };
}

const issuer = "https://keycloak.test/realms/test";
const clientId = "test-gateway";

/**
 * Signed tokens, their keys, sessions and permissions in memory: a service's tests run without Keycloak and PostgreSQL.
 * @example
 * ```ts
 * import { createTestAuth, type TestAuth, type TestLogin, type TestPerson } from "@libs/auth-guard/testing";
 * import { Elysia } from "elysia";
 *
 * const auth: TestAuth = await createTestAuth();
 * const app = new Elysia().use(auth.plugin).get("/orders", () => [], { permissions: ["orders:read"] });
 *
 * const ada: TestPerson = { username: "ada", permissions: ["orders:read"] };
 * const login: TestLogin = await auth.logIn(ada);
 * export const answer = await app.handle(new Request("http://localhost/orders", { headers: login.headers })); // 200
 * auth.endSession(login);
 * export const refused = await app.handle(new Request("http://localhost/orders", { headers: login.headers })); // 401
 * ```
 */
export async function createTestAuth<Permission extends string = string>() {
  const pair = await generateKeyPair("RS256");
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "test", alg: "RS256", use: "sig" }] };
  const state = new TestState();
  const rules = { issuer, audience: clientId, authorizedParties: [clientId], algorithms: ["RS256"] as const };
  const guard = new Guard({
    verifier: new JoseGuardTokenVerifier(keysFromSet(jwks), rules),
    repository: state,
    channel: state,
  });

  /** @param claims over those of a good token; undefined leaves one out */
  const sign = (claims: Record<string, unknown> = {}): Promise<string> => {
    const iat = Math.floor(Date.now() / 1000);
    const good = { iss: issuer, aud: clientId, azp: clientId, typ: "Bearer", iat, exp: iat + 300, jti: randomUUID() };
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "test" })
      .sign(pair.privateKey);
  };

  return {
    issuer,
    clientId,
    /** The public keys, as a realm publishes them. */
    jwks,
    /** To be used where the service uses `keycloakAuth(…)`. */
    plugin: guardPlugin<Permission>(guard) as KeycloakAuth<Permission>,
    guard,
    sign,

    /** A person with a live session. */
    async logIn(person: TestPerson = {}): Promise<TestLogin> {
      const userId = person.id ?? randomUUID();
      const username = person.username ?? `user-${userId}`;
      const keycloakSessionId = randomBytes(18).toString("base64url");
      const sessionId = randomUUID();
      state.users.set(userId, {
        storeId: person.storeId ?? null,
        organizationId: person.organizationId ?? null,
        grants: (person.permissions ?? []).map(toGrant),
      });
      state.sessions.set(keycloakSessionId, { sessionId, userId, startedAt: person.startedAt ?? new Date() });
      state.notify({ kind: "users", ids: [userId] });
      const token = await sign({
        sub: userId,
        sid: keycloakSessionId,
        preferred_username: username,
        email: person.email ?? `${userId}@example.org`,
        email_verified: person.emailVerified ?? true,
        ...roleClaims(person.roles ?? []),
      });
      return { userId, sessionId, keycloakSessionId, token, headers: { authorization: `Bearer ${token}` } };
    },

    /** A service account, which no session belongs to. */
    async serviceAccount(roles: readonly string[] = []): Promise<Pick<TestLogin, "token" | "headers">> {
      const token = await sign({ sub: randomUUID(), client_id: clientId, ...roleClaims(roles) });
      return { token, headers: { authorization: `Bearer ${token}` } };
    },

    endSession({ keycloakSessionId }: Pick<TestLogin, "keycloakSessionId">): void {
      state.sessions.delete(keycloakSessionId);
      state.notify({ kind: "sessions", ids: [keycloakSessionId] });
    },

    disable({ userId }: Pick<TestLogin, "userId">): void {
      state.users.delete(userId);
      state.notify({ kind: "users", ids: [userId] });
    },

    setPermissions({ userId }: Pick<TestLogin, "userId">, permissions: NonNullable<TestPerson["permissions"]>): void {
      const user = state.users.get(userId);
      if (!user) throw new Error("no such user");
      state.users.set(userId, { ...user, grants: permissions.map(toGrant) });
      state.notify({ kind: "users", ids: [userId] });
    },

    /** Says that a store belongs to an organization. */
    putStore(storeId: string, organizationId: string): void {
      state.stores.set(storeId, organizationId);
      state.notify({ kind: "everything" });
    },
  };
}

/**
 * What {@link createTestAuth} gives.
 * @see {@link createTestAuth}
 */
export type TestAuth<Permission extends string = string> = Awaited<ReturnType<typeof createTestAuth<Permission>>>;

interface TestUser {
  storeId: string | null;
  organizationId: string | null;
  grants: Grant[];
}

/** What the database holds and notifies of, in memory. */
class TestState implements ChangeChannel {
  readonly users = new Map<string, TestUser>();
  readonly sessions = new Map<string, { sessionId: string; userId: string; startedAt: Date }>();
  readonly stores = new Map<string, string>();
  notify: (change: GuardChange) => void = () => {};

  isUp = () => true;
  close = async () => {};
  listen(onChange: (change: GuardChange) => void): void {
    this.notify = onChange;
  }
  findSession = async (sid: string) => this.sessions.get(sid) ?? null;
  findUser = async (id: string) => this.users.get(id) ?? null;
  findOrganizationOfStore = async (id: string) => this.stores.get(id) ?? null;
}

function toGrant(given: NonNullable<TestPerson["permissions"]>[number]): Grant {
  const {
    permission,
    storeId = null,
    organizationId = null,
  } = typeof given === "string" ? { permission: given } : given;
  return { permission, storeId, organizationId };
}

function roleClaims(names: readonly string[]) {
  const clients: Record<string, { roles: string[] }> = {};
  const realmRoles: string[] = [];
  for (const { clientId, role } of names.map(partsOfRole)) {
    if (clientId === null) realmRoles.push(role);
    else clients[clientId] = { roles: [...(clients[clientId]?.roles ?? []), role] };
  }
  return { realm_access: { roles: realmRoles }, resource_access: clients };
}
