import { afterAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { percentile } from "./support/percentile.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
afterAll(stopGateways);

const kills = amount(12, 200);

test(`${kills} random kill -9 under parallel registrations on 3 replicas: nothing is left half-made`, async () => {
  const { sql, admin, start } = replicas;
  const gateways: GatewayProcess[] = await Promise.all([0, 1, 2].map(() => start("directly")));
  const welcomed: Person[] = [];
  let asked = 0;
  let leftUnfinished = 0;
  const cleanAfterMs: number[] = [];
  const watches: Promise<void>[] = [];

  const burst = (url: string) =>
    Array.from({ length: 8 }, async () => {
      const person = newPerson();
      asked++;
      const status = await new AuthClient(url).register(person).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 201) welcomed.push(person);
    });

  for (let kill = 0; kill < kills; kill++) {
    const victim = randomInt(3);
    const calls = gateways.flatMap(({ url }) => burst(url));
    await Bun.sleep(randomInt(15, 80));
    gateways[victim]?.signal("SIGKILL");
    await gateways[victim]?.exited;
    await Promise.all(calls);
    const killedAt = performance.now();
    const rows: { id: string }[] = await sql`SELECT id FROM registrations WHERE state IN ('pending', 'undoing')`;
    if (rows.length > 0) leftUnfinished++;
    watches.push(settled(rows.map(({ id }) => id)).then((at) => void cleanAfterMs.push(at - killedAt)));
    gateways[victim] = await start("directly");
  }
  await Promise.all(watches);

  await eventually(async () => expect(await disagreement(admin, sql)).toEqual(inStep), 60_000);
  const client = new AuthClient(gateways[0]?.url ?? "");
  const refused: string[] = [];
  for (const person of welcomed) if ((await client.login(person)).status !== 200) refused.push(person.username);
  expect(refused).toEqual([]);
  expect(leftUnfinished).toBeGreaterThanOrEqual(kills / 2);
  if (longForm) {
    const [p50, max] = [percentile(cleanAfterMs, 0.5), Math.max(...cleanAfterMs)].map(
      (ms) => `${(ms / 1000).toFixed(1)} s`,
    );
    console.log(
      `${kills} kills, ${leftUnfinished} left unfinished rows; ${asked} asked, ${welcomed.length} welcomed; clean after p50 ${p50}, max ${max}`,
    );
  }

  /** When none of the rows is unfinished any more, or has a Keycloak user that must go. */
  async function settled(ids: string[]): Promise<number> {
    return await eventually(async () => {
      const [row] = await sql`
        SELECT count(*)::int AS n FROM registrations WHERE id IN ${sql(ids.length > 0 ? ids : ["-"])} AND state IN ('pending', 'undoing')`;
      expect(row.n).toBe(0);
      return performance.now();
    }, 60_000);
  }
}, 1_800_000);

test("50 parallel registrations of one name over 3 replicas: one 201, the rest 409, the winner can log in", async () => {
  const { start } = replicas;
  // Who is refused, not how fast: on a busy machine 50 at once take longer than a caller would wait.
  const patient = {
    REQUEST_TIMEOUT_MS: "25000",
    KEYCLOAK_TIMEOUT_MS: "20000",
    KEYCLOAK_HASHING_WAIT_MS: "10000",
    REGISTRATION_RECOVERY_AFTER_MS: "60000",
  };
  const gateways = await Promise.all([0, 1, 2].map(() => start("directly", patient)));
  for (let round = 0; round < amount(2, 20); round++) {
    for (const same of ["username", "email"] as const) {
      const one = newPerson();
      const people = Array.from({ length: 50 }, () => newPerson({ [same]: one[same], password: newPerson().password }));
      const answers = await Promise.all(
        people.map(async (person, index) => {
          const { status } = await new AuthClient(gateways[index % 3]?.url ?? "").register(person);
          return { person, status };
        }),
      );
      const winners = answers.filter(({ status }) => status === 201);
      expect(winners).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
      const client = new AuthClient(gateways[round % 3]?.url ?? "");
      const { username, password } = winners[0]?.person ?? one;
      expect((await client.login({ username, password })).status).toBe(200);
    }
  }
}, 600_000);
