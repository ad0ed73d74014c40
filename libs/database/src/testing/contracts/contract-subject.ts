import type { SessionTokens } from "../../ports/session.ts";
import type { LoginRecord } from "../../ports/session-repository.ts";
import type { ApplyOptions, KeycloakProfile, ProfileOutcome, User } from "../../ports/user-repository.ts";
import type { Repositories } from "../../prisma/create-repositories.ts";

/** What a contract suite works on: the repositories over one database, and what the ports can't insert. */
export interface ContractSubject extends Repositories {
  addStore(id: string): Promise<void>;
  addOrganization(id: string): Promise<void>;
  addRateLimit(key: string, expire: Date | null): Promise<void>;
  addLoginLock(key: string, until: Date): Promise<void>;
  /** Of rate limits and login locks. */
  limitKeys(): Promise<string[]>;
}

/** Called once a test; tests share the database and keep apart by fresh names. */
export type MakeSubject = () => Promise<ContractSubject> | ContractSubject;

/** Milliseconds are kept, nothing finer. */
export const NOW = new Date("2026-03-29T00:59:59.123Z");
export const LATER = new Date("2026-03-29T01:30:00.456Z");
export const LATEST = new Date("2026-07-01T12:00:00.789Z");

let counter = 0;

/** A name that no other test of this process uses. */
export function fresh(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}-${crypto.randomUUID().slice(0, 8)}`;
}

export function profileOf(change: Partial<KeycloakProfile> = {}): KeycloakProfile {
  const id = fresh("id");
  return {
    id,
    username: `user-${id}`,
    email: `${id}@example.test`,
    firstName: "Ada",
    lastName: "Lövelace",
    emailVerified: true,
    enabled: true,
    ...change,
  };
}

type Writing = Pick<ContractSubject, "users" | "tickets">;

/** Writes a user as a read of Keycloak at this moment does. */
export async function outcomeOf(
  { users, tickets }: Writing,
  profile: KeycloakProfile,
  now: Date,
  options?: ApplyOptions,
): Promise<ProfileOutcome | undefined> {
  return (await users.applyProfiles([profile], await tickets.next(), now, options))[0]?.outcome;
}

/** Like {@link outcomeOf}. @returns the row */
export async function writeUser(subject: Writing, profile: KeycloakProfile, now: Date): Promise<User> {
  const outcome = await outcomeOf(subject, profile, now);
  const row = await subject.users.findById(profile.id);
  if (!row || row.deletedAt) throw new Error(`not written: ${outcome}`);
  return row;
}

export function tokensOf(mark: string, change: Partial<SessionTokens> = {}): SessionTokens {
  return {
    accessToken: `sealed-access-${mark}`,
    refreshToken: `sealed-refresh-${mark}`,
    idToken: `sealed-id-${mark}`,
    refreshTokenHash: `hash-${mark}`,
    tokenExpiresAt: LATER,
    refreshExpiresAt: LATEST,
    tokensIssuedAt: NOW,
    offline: false,
    ...change,
  };
}

export function loginOf(
  change: Partial<Omit<LoginRecord, "session">> & { session?: Partial<LoginRecord["session"]> } = {},
) {
  const mark = fresh("session");
  const { session, ...rest } = change;
  const login: LoginRecord = {
    profile: profileOf(),
    storeId: null,
    now: NOW,
    ...rest,
    session: {
      ...tokensOf(mark),
      sessionId: mark,
      keycloakSessionId: `sid-${mark}`,
      ipAddress: "2001:db8::1",
      userAgent: "contract/1.0",
      startedAt: NOW,
      ...session,
    },
  };
  return login;
}
