import { expect, test } from "bun:test";
import type { ProblemBody } from "./support/auth-client.ts";
import { useJourney } from "./support/journey.ts";
import { amount } from "./support/long-form.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const journey = useJourney();
const count = amount(100, 1000);

test("when the local insert is refused, no user is left in Keycloak: 100 registrations and more in parallel", async () => {
  const { client, stack, sql, gateway } = journey;
  const admin = await realmAdmin(stack);
  await sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse();`);
  const people = Array.from({ length: count }, () => newPerson({ lastName: "Rollback" }));
  const queue = [...people];
  const answers: Awaited<ReturnType<typeof client.register<ProblemBody>>>[] = [];
  const callers = Array.from({ length: 16 }, async () => {
    for (let person = queue.pop(); person; person = queue.pop())
      answers.push(await client.register<ProblemBody>(person));
  });
  await Promise.all(callers);
  await sql.unsafe("DROP TRIGGER refuse ON users");

  expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
    Array.from({ length: count }, () => "503 registration.undone"),
  );
  expect(answers.every(({ headers }) => headers.get("retry-after") !== null)).toBe(true);
  expect(await admin.users.find({ lastName: "Rollback", exact: true, max: count })).toEqual([]);
  const states = await sql`SELECT state, count(*)::int AS count FROM registrations GROUP BY state`;
  expect([...states]).toEqual([{ state: "undone", count }]);
  expect(await gateway.metrics()).toContain(`registration_undo_total{outcome="undone"} ${count}`);
  const logged = gateway.entries().filter(({ msg }) => String(msg).startsWith("registration undone"));
  expect(logged).toHaveLength(count);

  const retried = await client.register(people[0]);
  expect(retried.status).toBe(201);
}, 600_000);
