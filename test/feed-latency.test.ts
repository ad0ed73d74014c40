import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { OtherClient } from "./support/other-client.ts";
import { percentile } from "./support/percentile.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let other: OtherClient;

beforeAll(async () => {
  const { stack, admin, start } = replicas;
  await admin.realms.update({ realm: stack.realm }, { editUsernameAllowed: true });
  other = await OtherClient.create(stack, admin);
  gateway = await start("directly");
});
afterAll(stopGateways);

const repeats = amount(2, 50);
/** How many people at once; the moments of their changes are spread over the reader's interval. */
const together = 10;

/** Somebody with a row and a live session here. */
interface Subject {
  id: string;
  person: Person;
  session: LoggedIn;
}

/** A change in Keycloak, and what must be true here after it. */
interface Change {
  name: string;
  prepare?: (subject: Subject) => Promise<unknown>;
  change: (subject: Subject, prepared: unknown) => Promise<unknown>;
  arrived: (row: Row, subject: Subject) => void;
}

interface Row {
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  email_verified: boolean;
  enabled: boolean;
  deleted: boolean;
  live: number;
  end_reason: string | null;
}

const edit = (fields: object) => (subject: Subject) => replicas.admin.users.update({ id: subject.id }, fields);

const ended = (reason: string) => (row: Row) => expect(row).toMatchObject({ live: 0, end_reason: reason });

const changes: Change[] = [
  {
    name: "admin edits the username",
    change: (subject) => edit({ username: `new-${subject.person.username}` })(subject),
    arrived: (row, { person }) => expect(row).toMatchObject({ username: `new-${person.username}`, live: 1 }),
  },
  {
    name: "admin edits the email",
    change: (subject) => edit({ email: `new-${subject.person.email}` })(subject),
    arrived: (row, { person }) => expect(row).toMatchObject({ email: `new-${person.email}`, live: 1 }),
  },
  {
    name: "admin edits the first name",
    change: edit({ firstName: "Augusta" }),
    arrived: (row) => expect(row).toMatchObject({ first_name: "Augusta", live: 1 }),
  },
  {
    name: "admin edits the last name",
    change: edit({ lastName: "King" }),
    arrived: (row) => expect(row).toMatchObject({ last_name: "King", live: 1 }),
  },
  {
    name: "admin verifies the email",
    change: edit({ emailVerified: true }),
    arrived: (row) => expect(row).toMatchObject({ email_verified: true, live: 1 }),
  },
  {
    name: "person edits the profile (account API)",
    prepare: ({ person }) => other.logIn(person),
    change: ({ person: { password: _, ...profile } }, token) =>
      other.editProfile(token as string, { ...profile, email: `own-${profile.email}`, firstName: "Countess" }),
    arrived: (row, { person }) =>
      expect(row).toMatchObject({ email: `own-${person.email}`, first_name: "Countess", live: 1 }),
  },
  {
    name: "admin disables",
    change: edit({ enabled: false }),
    arrived: (row) => expect(row).toMatchObject({ enabled: false, live: 0, end_reason: "user_disabled" }),
  },
  {
    name: "admin enables",
    prepare: async (subject) => {
      await edit({ enabled: false })(subject);
      await eventually(async () => expect((await rowOf(subject)).enabled).toBe(false));
    },
    change: edit({ enabled: true }),
    arrived: (row) => expect(row).toMatchObject({ enabled: true }),
  },
  {
    name: "admin deletes",
    change: ({ id }) => replicas.admin.users.del({ id }),
    arrived: (row) => expect(row).toMatchObject({ deleted: true, live: 0, end_reason: "user_deleted" }),
  },
  {
    name: "admin resets the password",
    change: ({ id }) => {
      const credential = { type: "password", value: newPerson().password, temporary: false };
      return replicas.admin.users.resetPassword({ id, credential });
    },
    arrived: ended("password_changed"),
  },
  {
    name: "admin signs the user out",
    change: ({ id }) => replicas.admin.users.logout({ id }),
    arrived: ended("ended_in_keycloak"),
  },
  {
    name: "admin deletes one session",
    change: ({ session }) =>
      replicas.admin.realms.deleteSession({
        realm: replicas.stack.realm,
        session: session.tokens.session_state,
        isOffline: false,
      }),
    arrived: ended("ended_in_keycloak"),
  },
  {
    name: "person signs out in another client",
    prepare: ({ person }) => other.logIn(person),
    change: ({ session }, token) => other.endSession(token as string, session.tokens.session_state),
    arrived: ended("ended_in_keycloak"),
  },
];

const table: { change: string; "p50 ms": number; "p95 ms": number; "max ms": number }[] = [];
afterAll(() => {
  if (longForm) console.table(table);
});

for (const change of changes) {
  test(`${change.name}: it arrives`, async () => {
    const latencies: number[] = [];
    for (let done = 0; done < repeats; done += together) {
      const count = Math.min(together, repeats - done);
      latencies.push(...(await Promise.all(Array.from({ length: count }, () => measure(change)))));
    }
    report(change.name, latencies);
  }, 300_000);
}

test("a partial import: its users arrive", async () => {
  const latencies: number[] = [];
  const { admin, stack, sql } = replicas;
  for (let done = 0; done < repeats; done++) {
    const users = Array.from({ length: 5 }, () => {
      const { password: _, ...person } = newPerson();
      return { ...person, id: crypto.randomUUID(), enabled: true };
    });
    await admin.realms.partialImport({ realm: stack.realm, rep: { ifResourceExists: "FAIL", users } });
    const from = performance.now();
    await eventually(async () => {
      const [row] = await sql`SELECT count(*)::int AS n FROM users WHERE id IN ${sql(users.map(({ id }) => id))}`;
      expect(row.n).toBe(5);
    });
    latencies.push(performance.now() - from);
  }
  report("partial import (5 users)", latencies);
}, 300_000);

function report(change: string, latencies: number[]): void {
  const [p50, p95, max] = [percentile(latencies, 0.5), percentile(latencies, 0.95), Math.max(...latencies)];
  table.push({ change, "p50 ms": Math.round(p50), "p95 ms": Math.round(p95), "max ms": Math.round(max) });
}

/** @returns milliseconds from Keycloak's answer until the local database says the same */
async function measure({ prepare, change, arrived }: Change): Promise<number> {
  const subject = await welcome();
  const prepared = await prepare?.(subject);
  await Bun.sleep(randomInt(1000));
  await change(subject, prepared);
  const from = performance.now();
  await eventually(async () => arrived(await rowOf(subject), subject));
  return performance.now() - from;
}

async function welcome(): Promise<Subject> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  const registered = await client.register(person);
  const login = await client.login(person);
  expect([registered.status, login.status]).toEqual([201, 200]);
  return { id: registered.body.userId, person, session: login.body };
}

async function rowOf({ id, session }: Subject): Promise<Row> {
  const rows: Row[] = await replicas.sql`
    SELECT username, email, first_name, last_name, email_verified, enabled, deleted_at IS NOT NULL AS deleted,
      (SELECT count(*)::int FROM sessions WHERE user_id = users.id AND ended_at IS NULL) AS live,
      (SELECT end_reason FROM sessions WHERE session_id = ${session.sessionId}) AS end_reason
    FROM users WHERE id = ${id}`;
  return rows[0] as Row;
}
