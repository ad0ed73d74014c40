// What changes in Keycloak arrives: by its events alone where they can be read, else by reconciliation alone.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type LoggedIn } from "../../support/auth-client.ts";
import { eventually } from "../../support/eventually.ts";
import { stopGateways } from "../../support/gateway-process.ts";
import { OtherClient } from "../../support/other-client.ts";
import { newPerson, type Person } from "../../support/person.ts";
import { useReplicas } from "../../support/replicas.ts";
import { arrivalMode, onlyBy } from "../arrival-mode.ts";
import { type ArrivalMode, figure, recordFigure } from "../figures.ts";

/** Far above what either way takes: what comes later never came. */
const WAIT_MS = 30_000;
/** People of one change, all at once. */
const PEOPLE = figure(1, 5);

const replicas = useReplicas();
let mode: ArrivalMode;
let client: AuthClient;
let other: OtherClient;

beforeAll(async () => {
  const { admin, stack, start } = replicas;
  mode = await arrivalMode(stack);
  other = await OtherClient.create(stack, admin);
  client = new AuthClient((await start("directly", onlyBy(mode))).url);
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

interface Subject {
  id: string;
  person: Person;
  session: LoggedIn;
  /** Of a session in another application. */
  token: string;
}

interface Row {
  email: string;
  first_name: string;
  enabled: boolean;
  deleted: boolean;
  /** Why their session has ended. */
  end_reason: string | null;
}

interface Change {
  change(subject: Subject): Promise<unknown>;
  expected(subject: Subject): Partial<Row>;
}

const users = () => replicas.admin.users;

const changes: Record<string, Change> = {
  "an administrator edits": {
    change: ({ id, person }) => users().update({ id }, { email: `new-${person.email}`, firstName: "Augusta" }),
    expected: ({ person }) => ({ email: `new-${person.email}`, first_name: "Augusta", end_reason: null }),
  },
  "the person edits, in the account console": {
    change: ({ person: { password: _, ...profile }, token }) =>
      other.editProfile(token, { ...profile, email: `own-${profile.email}`, firstName: "Countess" }),
    expected: ({ person }) => ({ email: `own-${person.email}`, first_name: "Countess", end_reason: null }),
  },
  "an administrator disables": {
    change: ({ id }) => users().update({ id }, { enabled: false }),
    expected: () => ({ enabled: false, end_reason: "user_disabled" }),
  },
  "an administrator deletes": {
    change: ({ id }) => users().del({ id }),
    // Their session may be missed before they are.
    expected: () => ({ deleted: true, end_reason: expect.stringMatching(/^(user_deleted|ended_in_keycloak)$/) }),
  },
  "an administrator resets the password": {
    change: async ({ id, session }) => {
      // Of a session from the second of its user's first password nobody can say whether it is older than a later one.
      await replicas.sql`
        UPDATE sessions SET started_at = started_at - interval '5 s' WHERE session_id = ${session.sessionId}`;
      const credential = { type: "password", value: newPerson().password, temporary: false };
      return await users().resetPassword({ id, credential });
    },
    expected: () => ({ end_reason: "password_changed" }),
  },
  "an administrator signs the user out": {
    change: ({ id }) => users().logout({ id }),
    expected: () => ({ end_reason: "ended_in_keycloak" }),
  },
};

for (const [name, { change, expected }] of Object.entries(changes)) {
  test(`${name}: it arrives`, async () => {
    await Promise.all(
      Array.from({ length: PEOPLE }, async () => {
        const subject = await welcome();
        await change(subject);
        const from = performance.now();
        await eventually(async () => expect(await rowOf(subject)).toMatchObject(expected(subject)), WAIT_MS);
        recordFigure({ figure: "arrival", mode, change: name, ms: performance.now() - from });
      }),
    );
  });
}

test("somebody made in Keycloak arrives", async () => {
  const { password: _, ...person } = newPerson();
  const { id } = await users().create({ ...person, enabled: true });
  const from = performance.now();
  await eventually(async () => expect(await rowOf({ id })).toMatchObject({ email: person.email }), WAIT_MS);
  recordFigure({ figure: "arrival", mode, change: "somebody made in Keycloak", ms: performance.now() - from });
});

async function welcome(): Promise<Subject> {
  const person = newPerson();
  const registered = await client.register(person);
  const login = await client.login(person);
  expect([registered.status, login.status]).toEqual([201, 200]);
  return { id: registered.body.userId, person, session: login.body, token: await other.logIn(person) };
}

async function rowOf({ id, session }: Pick<Subject, "id"> & Partial<Subject>): Promise<Row | undefined> {
  const rows: Row[] = await replicas.sql`
    SELECT email, first_name, enabled, deleted_at IS NOT NULL AS deleted,
      (SELECT end_reason FROM sessions WHERE session_id = ${session?.sessionId ?? null}) AS end_reason
    FROM users WHERE id = ${id}`;
  return rows[0];
}
