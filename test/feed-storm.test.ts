import { afterAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { eventually } from "./support/eventually.ts";
import { fieldDifferences } from "./support/field-differences.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { KeycloakWriters } from "./support/keycloak-writers.ts";
import { amount, longForm } from "./support/long-form.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
afterAll(stopGateways);

const changes = amount(250, 10_000);

test(`${changes} changes by 6 writers, the reading replica killed again and again: none is missed, none goes backwards`, async () => {
  const { stack, sql, admin, start } = replicas;
  await recordDecreases();
  const limits = { FEED_MAX_DELETIONS_PER_MINUTE: "100000" };
  const gateways: GatewayProcess[] = await Promise.all([0, 1, 2].map(() => start("directly", limits)));
  const writers = new KeycloakWriters(admin, stack.realm);
  let writing = true;
  const from = performance.now();
  // The short form leaves time for kills.
  const written = writers.run(6, changes, amount(50, Number.POSITIVE_INFINITY)).finally(() => {
    writing = false;
  });
  let kills = 0;
  while (writing) {
    await Bun.sleep(randomInt(500, amount(1500, 5000)));
    const reader = await readerOf(gateways);
    if (reader === undefined || !writing) continue;
    gateways[reader]?.signal("SIGKILL");
    await gateways[reader]?.exited;
    kills++;
    gateways[reader] = await start("directly", limits);
  }
  await written;
  const writtenAt = performance.now();

  await eventually(async () => expect(await fieldDifferences(admin, sql)).toEqual([]), 120_000);
  const inStepAt = performance.now();
  expect(await sql`SELECT user_id, was, became FROM decreases`.values()).toEqual([]);
  expect(kills).toBeGreaterThan(0);
  // What waits is done; nothing was given up.
  await eventually(async () => {
    const [row] = await sql`SELECT count(*)::int AS n FROM change_notices`;
    expect(row.n).toBe(0);
  }, 30_000);
  if (longForm) {
    const seconds = (writtenAt - from) / 1000;
    console.log(
      `${writers.made} changes in ${seconds.toFixed(0)} s (${(writers.made / seconds).toFixed(0)}/s), ${kills} kills; in step ${((inStepAt - writtenAt) / 1000).toFixed(1)} s after the last change`,
    );
  }
}, 1_800_000);

/** The replica that reads Keycloak's events at the moment. */
async function readerOf(gateways: GatewayProcess[]): Promise<number | undefined> {
  const metrics = await Promise.all(gateways.map((gateway) => gateway.metrics().catch(() => "")));
  const index = metrics.findIndex((text) => /^feed_leader 1$/m.test(text));
  return index === -1 ? undefined : index;
}

/** Has the database itself write down every counter that a write took back. */
async function recordDecreases(): Promise<void> {
  await replicas.sql.unsafe(`
    CREATE TABLE decreases (user_id text, was text, became text);
    CREATE FUNCTION record_decrease() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF substr(OLD.last_name, 2)::int > substr(NEW.last_name, 2)::int THEN
        INSERT INTO decreases VALUES (NEW.id, OLD.last_name, NEW.last_name);
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER record_decrease BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION record_decrease();
  `);
}
