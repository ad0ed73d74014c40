import { AuthClient, type LoggedIn } from "./auth-client.ts";
import type { Person } from "./person.ts";
import type { Replicas } from "./replicas.ts";

/** Somebody with a row and a live session here. */
export interface Subject {
  id: string;
  person: Person;
  session: LoggedIn;
}

/** What the gateway's database holds of somebody. */
export interface SubjectRow {
  enabled: boolean;
  email_verified: boolean;
  deleted: boolean;
  /** Live sessions. */
  live: number;
  /** Of the session that the subject began with. */
  end_reason: string | null;
}

/** Registers and logs in. @throws when the gateway refuses either */
export async function welcome(url: string, person: Person): Promise<Subject> {
  const registered = await new AuthClient(url).register(person);
  if (registered.status !== 201) throw new Error(`registration: ${registered.status} ${registered.raw}`);
  return await signIn(url, person);
}

/** Logs in who is in Keycloak already. @throws when the gateway refuses */
export async function signIn(url: string, person: Person): Promise<Subject> {
  const login = await new AuthClient(url).login(person);
  if (login.status !== 200) throw new Error(`login: ${login.status} ${login.raw}`);
  return { id: login.body.user.id, person, session: login.body };
}

export async function rowOf({ sql }: Pick<Replicas, "sql">, { id, session }: Subject): Promise<SubjectRow> {
  const rows: SubjectRow[] = await sql`
    SELECT enabled, email_verified, deleted_at IS NOT NULL AS deleted,
      (SELECT count(*)::int FROM sessions WHERE user_id = users.id AND ended_at IS NULL) AS live,
      (SELECT end_reason FROM sessions WHERE session_id = ${session.sessionId}) AS end_reason
    FROM users WHERE id = ${id}`;
  return rows[0] as SubjectRow;
}

/** What a guarded route answers the subject's access token with. */
export async function meStatus(url: string, { session }: Subject): Promise<number> {
  const headers = { authorization: `Bearer ${session.tokens.access_token}` };
  return (await fetch(`${url}/auth/me`, { headers })).status;
}
