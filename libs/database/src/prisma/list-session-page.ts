import { Prisma } from "../generated/client.ts";
import type { ListedSession, SessionFilter, SessionMark, SessionPage } from "../ports/person-repository.ts";
import type { PrismaClient } from "./client.ts";

/** A session without its tokens and their hashes. */
export const LISTED_COLUMNS = Prisma.raw(`
  session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId", refreshed_at AS "refreshedAt",
  token_expires_at AS "tokenExpiresAt", refresh_expires_at AS "refreshExpiresAt", ip_address AS "ipAddress",
  user_agent AS "userAgent", started_at AS "startedAt", last_seen_at AS "lastSeenAt", ended_at AS "endedAt",
  end_reason AS "endReason"`);

const NAMED_COLUMNS = Prisma.raw(`session_id, user_id, keycloak_session_id, refreshed_at, token_expires_at,
  refresh_expires_at, ip_address, user_agent, started_at, last_seen_at, ended_at, end_reason`);

type Row = ListedSession & { matches: boolean; place: number; scanned: number };

/**
 * See {@link PersonRepository.listSessions}. A page is so many rows of the index of starts, whatever else is asked of
 * them: one that few sessions match costs no more than another. Sessions that are named, by their ids or their user, are
 * read by those.
 */
export async function listSessionPage(
  prisma: PrismaClient,
  filter: SessionFilter,
  after: SessionMark | null,
  limit: number,
): Promise<SessionPage> {
  const rows = await prisma.$queryRaw<Row[]>`
    WITH page AS MATERIALIZED (${isNamed(filter) ? namedPage(filter, after, limit) : startedPage(filter, after, limit)}),
    numbered AS (
      SELECT page.*, ${matches(filter)} AS matches,
        row_number() OVER (ORDER BY "startedAt" DESC, "sessionId" DESC)::int AS place
      FROM page
    ), counted AS (SELECT count(*)::int AS scanned FROM page)
    SELECT numbered.*, scanned, (SELECT username FROM users WHERE users.id = numbered."userId") AS username
    FROM counted, numbered WHERE matches OR place = scanned ORDER BY place`;
  const last = rows.at(-1);
  return {
    sessions: rows.filter((row) => row.matches).map(toListed),
    next: last && last.scanned === limit ? { startedAt: last.startedAt, sessionId: last.sessionId } : null,
  };
}

const isNamed = ({ sessionIds, userId }: SessionFilter) => sessionIds !== undefined || userId !== undefined;

/** Named sessions are read first: else the planner may search the index of starts for them. */
function namedPage(filter: SessionFilter, after: SessionMark | null, limit: number): Prisma.Sql {
  const { sessionIds, userId, ended } = filter;
  const conditions = [
    ...(sessionIds === undefined ? [] : [Prisma.sql`session_id = ANY(${[...sessionIds]}::text[])`]),
    ...(userId === undefined ? [] : [Prisma.sql`user_id = ${userId}`]),
    ...(ended ? [] : [Prisma.sql`ended_at IS NULL`]),
  ];
  return Prisma.sql`
      WITH named AS MATERIALIZED (SELECT ${NAMED_COLUMNS} FROM sessions WHERE ${Prisma.join(conditions, " AND ")})
      SELECT ${LISTED_COLUMNS} FROM named WHERE ${Prisma.join(started(filter, after), " AND ")} ${newest(limit)}`;
}

/** Live sessions and ended ones each have an index of their starts. */
function startedPage(filter: SessionFilter, after: SessionMark | null, limit: number): Prisma.Sql {
  const part = (isLive: Prisma.Sql) => Prisma.sql`
        SELECT ${NAMED_COLUMNS} FROM sessions
        WHERE ${isLive} AND ${Prisma.join(started(filter, after), " AND ")} ${newest(limit)}`;
  const live = part(Prisma.sql`ended_at IS NULL`);
  const sources = filter.ended ? Prisma.sql`(${live}) UNION ALL (${part(Prisma.sql`ended_at IS NOT NULL`)})` : live;
  return Prisma.sql`
      SELECT ${LISTED_COLUMNS} FROM (${sources}) AS sources ${newest(limit)}`;
}

const newest = (limit: number) => Prisma.sql`ORDER BY started_at DESC, session_id DESC LIMIT ${limit}`;

function started({ startedBefore, startedAfter }: SessionFilter, after: SessionMark | null): Prisma.Sql[] {
  return [
    Prisma.sql`true`,
    ...(startedBefore ? [Prisma.sql`started_at < ${startedBefore}`] : []),
    ...(startedAfter ? [Prisma.sql`started_at >= ${startedAfter}`] : []),
    ...(after
      ? [Prisma.sql`(started_at, session_id) < (${after.startedAt}::timestamptz, ${after.sessionId}::text)`]
      : []),
  ];
}

function matches({ ipAddress, lastSeenBefore }: SessionFilter): Prisma.Sql {
  const conditions = [
    Prisma.sql`true`,
    ...(ipAddress === undefined
      ? []
      : [
          Prisma.sql`coalesce(CASE WHEN pg_input_is_valid("ipAddress", 'inet')
            THEN "ipAddress"::inet <<= ${ipAddress}::inet END, false)`,
        ]),
    ...(lastSeenBefore === undefined ? [] : [Prisma.sql`"lastSeenAt" < ${lastSeenBefore}`]),
  ];
  return Prisma.sql`(${Prisma.join(conditions, " AND ")})`;
}

function toListed({ matches: _, place: __, scanned: ___, ...session }: Row): ListedSession {
  return session;
}
