import { afterEach, describe, expect, test } from "bun:test";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import type { HoldPoint } from "./support/tcp-proxy.ts";

const replicas = useReplicas();
afterEach(stopGateways);

/** The saga's calls and commits, each once before it takes effect and once after it did but before its answer. */
const steps: { name: string; at: "keycloak" | "postgres"; point: HoldPoint }[] = (
  ["request", "answer"] as const
).flatMap((hold) => {
  const moment = hold === "request" ? "before" : "after";
  return [
    { name: `${moment} the registration's row`, at: "postgres", point: { sent: "INSERT INTO registrations", hold } },
    { name: `${moment} the admin token`, at: "keycloak", point: { sent: "client_credentials", hold } },
    { name: `${moment} the Keycloak user`, at: "keycloak", point: { sent: `POST /admin/realms/`, hold } },
    { name: `${moment} the read of its mark`, at: "keycloak", point: { sent: "GET /admin/realms/", hold } },
    { name: `${moment} user and completion`, at: "postgres", point: { sent: "state = 'completed'", hold } },
  ] as const;
});

describe("kill -9 of the gateway", () => {
  test.each(steps)(
    "$name: both sides agree again by themselves",
    async ({ at, point }) => {
      const doomed = await replicas.start("proxies");
      const person = newPerson();
      const held = replicas[at].holdAt(point);
      const answer = new AuthClient(doomed.url).register(person).then(
        ({ status }) => status,
        () => "cut",
      );
      await held;
      doomed.signal("SIGKILL");
      // What is held may be a call of the gateway's other parts, which share the token: it does not keep the registration.
      const sharesCall = point.sent === "client_credentials";
      expect(sharesCall ? ["cut", 201] : ["cut"]).toContain(await answer);
      await doomed.exited;

      const survivor = await replicas.start("directly");
      const client = new AuthClient(survivor.url);
      await eventually(async () => {
        expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
        const login = await client.login(person);
        const [row] = await replicas.sql`SELECT count(*)::int AS n FROM users WHERE username = ${person.username}`;
        // Either all of it or nothing: a person with a row can log in, one without can register.
        expect(login.status).toBe(row.n === 1 ? 200 : 401);
      }, 20_000);
      const again = await eventually(async () => {
        const answer = await client.register(person);
        expect([201, 409]).toContain(answer.status);
        return answer;
      }, 20_000);
      const [row] = await replicas.sql`SELECT count(*)::int AS n FROM users WHERE username = ${person.username}`;
      expect(row.n).toBe(1);
      if (again.status === 201) expect((await client.login(person)).status).toBe(200);
      expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
    },
    60_000,
  );

  test("in the middle of an undo: the undo is finished by another replica", async () => {
    const { sql, start, keycloak, admin } = replicas;
    await sql.unsafe(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse();`);
    for (const hold of ["request", "answer"] as const) {
      const doomed = await start("proxies");
      const person = newPerson();
      const held = keycloak.holdAt({ sent: "DELETE /admin/realms/", hold });
      const answer = new AuthClient(doomed.url).register(person).catch(() => undefined);
      await held;
      doomed.signal("SIGKILL");
      await answer;
      await doomed.exited;
      await start("directly");
      await eventually(async () => {
        expect(await disagreement(admin, sql)).toEqual(inStep);
        const rows = await sql`SELECT state FROM registrations WHERE username = ${person.username}`;
        expect([...rows]).toEqual([{ state: "undone" }]);
      }, 20_000);
      await stopGateways();
    }
    await sql.unsafe("DROP TRIGGER refuse ON users; DROP FUNCTION refuse");
  }, 90_000);
});
