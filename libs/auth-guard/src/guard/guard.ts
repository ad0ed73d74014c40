import { hash, randomUUID } from "node:crypto";
import type { ChangeChannel, GuardChange } from "@libs/postgres";
import { isAuthError } from "@libs/problems";
import { LRUCache } from "lru-cache";
import { GuardRefusal } from "./guard-refusal.ts";
import type { GuardedSession, GuardedUser, GuardRepository } from "./guard-repository.ts";
import type { GuardRules } from "./guard-rules.ts";
import { GuardUser, type Principal, type Scope } from "./guard-user.ts";
import { DEFAULT_MAX_TOKEN_BYTES } from "./token-limit.ts";
import type { GuardTokenVerifier, IsKnownSession, VerifiedToken } from "./verified-token.ts";
import { WatchedCache } from "./watched-cache.ts";

/** PORT: whether the service is configured as its guard needs it. */
export interface GuardConfiguration {
  /** Resolves when it was checked for the first time. */
  checkedOnce: Promise<void>;
  /** Resolves when it has passed for the first time. */
  passedOnce: Promise<void>;
  /** The service is not ready before it has passed once. */
  passed(): boolean;
  /** What is wrong now; also after the first pass. */
  problems(): readonly { kind: string; todo: string }[];
}

export interface GuardDeps {
  verifier: GuardTokenVerifier;
  repository: GuardRepository;
  channel: ChangeChannel;
  /** Most tokens, sessions and users that are kept in memory, each. */
  cacheSize?: number;
  /** Longest token that is read; {@link DEFAULT_MAX_TOKEN_BYTES} when left out. */
  maxTokenBytes?: number | undefined;
  /** How old an answer may be while changes are not reported. Milliseconds. */
  staleMs?: number;
  /** Left out: it is not checked. */
  configuration?: GuardConfiguration | undefined;
  /** Lets go of what was opened for this guard alone. */
  onClose?: () => Promise<void>;
  now?: () => number;
}

const CACHE_SIZE = 10_000;
export const DEFAULT_STALE_MS = 2000;
const ABSENT_MS = 1000;

interface KnownToken {
  token: VerifiedToken;
  /** The last principal, and what it was made of. */
  principal?: Principal;
  session?: GuardedSession;
  user?: GuardedUser;
}

/**
 * Finds who sends a request and what they may do. Warm, it asks nobody: tokens are verified once, sessions and rights
 * stay in memory until a change of theirs is reported.
 * @see {@link openGuard}
 */
export class Guard {
  /** Distinguishes guards of one process. */
  readonly id = randomUUID();
  /** For the service's readiness; undefined where it is not checked. */
  readonly configuration: GuardConfiguration | undefined;
  readonly #verifier: GuardTokenVerifier;
  readonly #channel: ChangeChannel;
  readonly #onClose: () => Promise<void>;
  readonly #now: () => number;
  readonly #maxTokenBytes: number;
  readonly #tokens: LRUCache<string, KnownToken>;
  #closing: Promise<void> | undefined;
  /** Counted up when what was verified before may not be true any more. */
  #verdicts = 0;
  readonly #sessions: WatchedCache<GuardedSession>;
  readonly #users: WatchedCache<GuardedUser>;
  readonly #stores: WatchedCache<{ organizationId: string }>;

  constructor({ verifier, repository, channel, cacheSize, staleMs, ...rest }: GuardDeps) {
    const { maxTokenBytes, configuration, onClose, now } = rest;
    this.configuration = configuration;
    this.#verifier = verifier;
    this.#channel = channel;
    this.#onClose = onClose ?? (async () => {});
    this.#now = now ?? Date.now;
    this.#maxTokenBytes = maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES;
    const max = cacheSize ?? CACHE_SIZE;
    this.#tokens = new LRUCache({ max });
    const isWatched = () => channel.isUp();
    const options = { max, isWatched, staleMs: staleMs ?? DEFAULT_STALE_MS, absentMs: ABSENT_MS, now: this.#now };
    this.#sessions = new WatchedCache((sid) => repository.findSession(sid), options);
    this.#users = new WatchedCache((id) => repository.findUser(id), options);
    this.#stores = new WatchedCache(async (id) => {
      const organizationId = await repository.findOrganizationOfStore(id);
      return organizationId === null ? null : { organizationId };
    }, options);
    channel.listen((change) => this.#forget(change));
    verifier.onKeysRemoved?.(() => {
      this.#verdicts += 1;
      this.#tokens.clear();
    });
  }

  /**
   * @param authorization the request's `Authorization` header
   * @returns at once where everything is known
   * @throws GuardRefusal `token.missing` | `token.invalid` | `session.ended`, at once or later
   * @throws AuthError `keycloak.unavailable` where the key could not be fetched; what the repository throws
   */
  authenticate(authorization: string | null): Principal | Promise<Principal> {
    const token = bearerToken(authorization, this.#maxTokenBytes);
    const key = hash("sha256", token, "base64url");
    const known = this.#tokens.get(key);
    if (known === undefined) return this.#verify(token, key);
    if (known.token.expiresAt.getTime() <= this.#now()) {
      this.#tokens.delete(key);
      return this.#verify(token, key);
    }
    return this.#principal(known);
  }

  /**
   * @param scope where the permissions must hold; undefined: everywhere
   * @throws GuardRefusal `token.invalid` (a service account) | `session.too_old` | `role.missing` | `permission.missing`
   */
  authorize({ user, session }: Principal, rules: GuardRules, scope?: Scope): void | Promise<void> {
    const { maxAuthAgeSeconds, roles, permissions } = rules;
    if (user.kind === "service" && !rules.serviceAccounts) throw GuardRefusal.badToken("a service account");
    if (maxAuthAgeSeconds !== undefined && this.#now() - session.startedAt.getTime() > maxAuthAgeSeconds * 1000)
      throw GuardRefusal.oldSession(maxAuthAgeSeconds);
    if (roles.length > 0 && !roles.some((role) => user.hasRole(role))) throw GuardRefusal.noRole(roles);
    if (permissions.length === 0) return;
    const storeId = scope?.storeId;
    if (!storeId || !user.grants.some(({ organizationId }) => organizationId !== null))
      return assertPermissions(user, permissions, scope);
    return this.#authorizeInStore(user, permissions, { ...scope, storeId });
  }

  /** Whether changes are reported; if not, answers are up to `staleMs` old. */
  isWatched(): boolean {
    return this.#channel.isUp();
  }

  /** Lets go of the channel and of what was opened for this guard; closing it again changes nothing. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled([this.#channel.close(), this.#onClose()]).then(() => {});
    return this.#closing;
  }

  async #authorizeInStore(user: GuardUser, permissions: readonly string[], scope: Scope & { storeId: string }) {
    const store = await this.#stores.get(scope.storeId);
    const organizationId = store?.organizationId ?? null;
    if (scope.organizationId && scope.organizationId !== organizationId) {
      // Asked for a store of one organization and named another: only what holds everywhere, or in the store, counts.
      return assertPermissions(user, permissions, { storeId: scope.storeId });
    }
    assertPermissions(user, permissions, { storeId: scope.storeId, organizationId });
  }

  async #verify(token: string, key: string): Promise<Principal> {
    const verdicts = this.#verdicts;
    const known = { token: await this.#verifier.verify(token, this.#isKnownSession).catch(refuse) };
    const ttl = known.token.expiresAt.getTime() - this.#now();
    // Within the tolerance for clocks a token may be good though its time is over: it is verified each time.
    if (ttl > 0 && verdicts === this.#verdicts) this.#tokens.set(key, known);
    return this.#principal(known);
  }

  /** A session is there before its first token is handed out. */
  readonly #isKnownSession: IsKnownSession = async (sid, sub) => (await this.#sessions.get(sid))?.userId === sub;

  #principal(known: KnownToken): Principal | Promise<Principal> {
    const { sid, sub } = known.token;
    if (sid === null) return servicePrincipal(known);
    const session = this.#sessions.get(sid);
    const user = this.#users.get(sub);
    if (session instanceof Promise || user instanceof Promise)
      return Promise.all([session, user]).then(([session, user]) => personPrincipal(known, session, user));
    return personPrincipal(known, session, user);
  }

  #forget(change: GuardChange): void {
    if (change.kind === "sessions") for (const sid of change.ids) this.#sessions.forget(sid);
    else if (change.kind === "users") for (const id of change.ids) this.#users.forget(id);
    else for (const cache of [this.#sessions, this.#users, this.#stores]) cache.forgetAll();
  }
}

function bearerToken(authorization: string | null, maxBytes: number): string {
  if (authorization === null) throw GuardRefusal.noToken();
  if (authorization.length > maxBytes + "Bearer ".length) throw GuardRefusal.badToken("too long");
  // RFC 9110 §11.1: the scheme's name has no case. One space, as RFC 6750 §2.1 has it.
  if (!/^bearer /i.test(authorization)) throw GuardRefusal.noToken();
  return authorization.slice("Bearer ".length);
}

function refuse(error: unknown): never {
  throw isAuthError(error, "token.invalid") ? GuardRefusal.badToken(error.internal) : error;
}

function personPrincipal(known: KnownToken, session: GuardedSession | null, user: GuardedUser | null): Principal {
  const { token } = known;
  // A session that is another user's is none of this token's.
  if (session === null || user === null || session.userId !== token.sub) throw GuardRefusal.endedSession();
  if (known.principal && known.session === session && known.user === user) return known.principal;
  const principal: Principal = {
    user: new GuardUser(token, user),
    session: {
      id: session.sessionId,
      keycloakSessionId: token.sid as string,
      startedAt: session.startedAt,
      tokenExpiresAt: token.expiresAt,
      clientId: token.clientId,
    },
  };
  Object.assign(known, { principal, session, user });
  return principal;
}

function servicePrincipal({ token }: KnownToken): Principal {
  const session = { id: "", keycloakSessionId: "", startedAt: token.issuedAt, tokenExpiresAt: token.expiresAt };
  return {
    user: new GuardUser(token, { storeId: null, organizationId: null, grants: [] }),
    session: { ...session, clientId: token.clientId },
  };
}

function assertPermissions(user: GuardUser, permissions: readonly string[], scope: Scope | undefined): void {
  const missing = permissions.find((permission) => !user.can(permission, scope));
  if (missing !== undefined) throw GuardRefusal.noPermission(missing);
}
