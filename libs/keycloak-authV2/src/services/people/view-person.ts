import type {
  Activity,
  ActivityRepository,
  KeycloakProfile,
  ListedSession,
  PersonRepository,
  User,
  UserRepository,
} from "@libs/database";
import type { KeycloakSession, KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { profileOf } from "../shared/keycloak-profile.ts";

interface ViewPersonDeps {
  users: Pick<UserRepository, "findById">;
  keycloak: Pick<KeycloakUserRepository, "getUser" | "listSessions" | "listOfflineSessions">;
  activities: Pick<ActivityRepository, "listByUser">;
  people: Pick<PersonRepository, "listSessions">;
}

/** For {@link findPeople}. */
export type FindPeopleDeps = {
  users: Pick<UserRepository, "findById" | "findByUsername" | "findByEmail">;
  keycloak: Pick<KeycloakUserRepository, "getUser" | "searchUsers">;
} & ViewPersonDeps;

/**
 * One user on both sides.
 * @see {@link PersonService}
 */
export interface PersonView {
  /** Keycloak's user id. */
  userId: string;
  /** null: Keycloak has no such user. */
  keycloak: KeycloakUser | null;
  /** Tombstones too; null: there is no row. */
  local: User | null;
  /** Of the fields that Keycloak owns, those that differ. */
  differing: (keyof KeycloakProfile)[];
  /** Newest first, live ones first; at most {@link SHOWN_SESSIONS} of them. */
  sessions: SessionView[];
  /** Newest first. */
  activities: Activity[];
}

/**
 * A session on either side or both.
 * @see {@link PersonService}
 */
export interface SessionView {
  /** `sid` */
  keycloakSessionId: string;
  /** null: Keycloak's alone, such as one of another client. */
  local: ListedSession | null;
  /** null: Keycloak has no such session (any more). */
  keycloak: (KeycloakSession & { offline: boolean }) | null;
}

const SHOWN_SESSIONS = 50;
const SHOWN_ACTIVITIES = 10;

/**
 * Finds users by id, username or email, on either side; where the two sides disagree about a name, that is more than one.
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function findPeople(deps: FindPeopleDeps, who: string): Promise<PersonView[]> {
  const { users, keycloak } = deps;
  const exact = { exact: true, max: 2 } as const;
  const [byId, byUsername, byEmail, inKeycloak, ...named] = await Promise.all([
    users.findById(who),
    users.findByUsername(who),
    users.findByEmail(who),
    // What is no id at all would be refused as a path.
    /^[\w:.-]+$/.test(who) ? keycloak.getUser(who) : null,
    keycloak.searchUsers({ ...exact, username: who }),
    keycloak.searchUsers({ ...exact, email: who }),
  ]);
  const found = [byId, byUsername, byEmail, inKeycloak, ...named.flat()].flatMap((user) => (user ? [user.id] : []));
  return await Promise.all([...new Set(found)].map((id) => viewPerson(deps, id)));
}

async function viewPerson(
  { users, keycloak, activities, people }: ViewPersonDeps,
  userId: string,
): Promise<PersonView> {
  const [local, theirs, log, { sessions }] = await Promise.all([
    users.findById(userId),
    keycloak.getUser(userId),
    activities.listByUser(userId, SHOWN_ACTIVITIES),
    people.listSessions({ userId, ended: true }, null, SHOWN_SESSIONS),
  ]);
  const [online, offline] = theirs
    ? await Promise.all([keycloak.listSessions(userId), keycloak.listOfflineSessions(userId)])
    : [[], []];
  return {
    userId,
    keycloak: theirs,
    local,
    differing: local && theirs ? differingFields(local, theirs) : [],
    sessions: joinSessions(sessions, [
      ...online.map((session) => ({ ...session, offline: false })),
      ...offline.map((session) => ({ ...session, offline: true })),
    ]),
    activities: log,
  };
}

function differingFields(local: User, theirs: KeycloakUser): (keyof KeycloakProfile)[] {
  const profile = profileOf(theirs);
  return (Object.keys(profile) as (keyof KeycloakProfile)[]).filter((field) => profile[field] !== local[field]);
}

function joinSessions(rows: readonly ListedSession[], theirs: readonly NonNullable<SessionView["keycloak"]>[]) {
  // An offline session and the online one that it came from may share a `sid`: the online one is shown.
  const byId = new Map(theirs.toReversed().map((session) => [session.id, session]));
  const known = rows.map((local): SessionView => {
    const { keycloakSessionId } = local;
    return { keycloakSessionId, local, keycloak: byId.get(keycloakSessionId) ?? null };
  });
  const here = new Set(known.map(({ keycloakSessionId }) => keycloakSessionId));
  const elsewhere = [...byId.values()].filter(({ id }) => !here.has(id));
  const live = ({ local }: SessionView) => local?.endedAt === null;
  return [
    ...known.filter(live),
    ...elsewhere.map((keycloak): SessionView => ({ keycloakSessionId: keycloak.id, local: null, keycloak })),
    ...known.filter((session) => !live(session)),
  ];
}
