import type pg from "pg";

/** What a server process does; all undefined or empty: neither waits nor builds an index. */
export interface SessionActivity {
  /** The same for as long as there is nothing else to report. */
  topic: string;
  /** For people. */
  line: string;
  /** What it waits for and for whom. */
  waitsFor: string | undefined;
}

interface Session {
  pid: number;
  account: string | null;
  application: string | null;
  state: string | null;
  /** Age of its transaction. */
  seconds: number | null;
}

interface ActivityRow {
  /** The relation that a lock is wanted on; null: another kind of lock. */
  wanted: string | null;
  isWaiting: boolean;
  blockers: Session[];
  index: string | null;
  phase: string | null;
  share: number | null;
}

/** Of others' sessions, an account without `pg_read_all_stats` sees pid and account alone. */
const SESSIONS = (pids: string) => `
  coalesce((
    SELECT json_agg(json_build_object('pid', b.pid, 'account', a.usename, 'application', nullif(a.application_name, ''),
      'state', a.state, 'seconds', round(extract(epoch FROM clock_timestamp() - a.xact_start))))
    FROM (SELECT DISTINCT unnest(${pids}) AS pid) b LEFT JOIN pg_stat_activity a USING (pid)), '[]')`;

/** An index build waits for a transaction by its virtual id, and names the one that it waits for. */
const ACTIVITY = `
  WITH waiting AS (SELECT relation::regclass::text AS wanted FROM pg_locks WHERE pid = $1 AND NOT granted LIMIT 1),
  build AS (
    SELECT index_relid::regclass::text AS index, phase,
      CASE WHEN phase LIKE '%loading tuples%' THEN tuples_done::float8 / nullif(tuples_total, 0)
        WHEN phase LIKE '%scanning%' THEN blocks_done::float8 / nullif(blocks_total, 0) END AS share
    FROM pg_stat_progress_create_index WHERE pid = $1
  )
  SELECT (SELECT wanted FROM waiting), EXISTS (SELECT FROM waiting) AS "isWaiting",
    CASE WHEN EXISTS (SELECT FROM waiting) THEN ${SESSIONS("pg_blocking_pids($1)")} ELSE '[]' END AS blockers,
    (SELECT index FROM build), (SELECT phase FROM build), (SELECT share FROM build)`;

/** @param pid of a server process */
export async function readActivity(client: pg.Client, pid: number): Promise<SessionActivity | undefined> {
  const { rows } = await client.query<ActivityRow>(ACTIVITY, [pid]);
  const [row] = rows;
  if (!row) return undefined;
  const { wanted, isWaiting, blockers, index, phase, share } = row;
  const held = blockers.map(describeSession).join(", ");
  const waitsFor = !isWaiting
    ? undefined
    : wanted
      ? `waits for a lock on ${wanted}, held by ${held || "a session that has just ended"}`
      : `waits for ${held || "a transaction that has just ended"}`;
  const building = phase && `index ${index}: ${phase}`;
  const topic = [building, isWaiting && `${wanted} ${blockers.map(({ pid: blocker }) => blocker).sort()}`].filter(
    Boolean,
  );
  const percent = share === null ? "" : `, ${Math.floor(share * 100)} %`;
  return { topic: topic.join(), line: [building && building + percent, waitsFor].filter(Boolean).join("; "), waitsFor };
}

/** Who has a session lock of the kind that migrations take turns by. @param key of `pg_advisory_lock` */
export async function readLockHolders(client: pg.Client, key: number): Promise<string> {
  const holders = `(SELECT array_agg(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $1
    AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;
  const { rows } = await client.query<{ holders: Session[] }>(`SELECT ${SESSIONS(holders)} AS holders`, [key]);
  return (rows[0]?.holders ?? []).map(describeSession).join(", ");
}

/** Never its statement, which may hold what nobody is to read. */
function describeSession({ pid, account, application, state, seconds }: Session): string {
  if (pid === 0) return "a prepared transaction (pg_prepared_xacts)";
  const facts = [
    account && `account ${account}`,
    application && `application ${application}`,
    state,
    seconds !== null && `transaction open for ${seconds} s`,
  ];
  return `process ${pid} (${facts.filter(Boolean).join(", ") || "no details"})`;
}
