// `authctl feed status` shows every problem that readiness knows of, with what to do, and ends with 1 while there is one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const WITHIN_MS = 60_000;
const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await replicas.start("directly", { FEED_MAX_DELETIONS_PER_MINUTE: "1" });
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

const status = () => authctl(replicas.stack, ["feed", "status"]);
const readinessKinds = async () => {
  const { body } = await new AuthClient(gateway.url).get<{ problems?: { kind: string }[] }>("/health/ready");
  return (body.problems ?? []).map(({ kind }) => kind);
};

test("all is well: 0, with how changes arrive", async () => {
  await eventually(async () => {
    const { code, out } = await status();
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("feed_mode: events: within a second") });
    expect(out).toMatch(/^events read: 20/m);
  }, WITHIN_MS);
}, 120_000);

test("deletions that are held back: what readiness shows, and 1", async () => {
  const client = new AuthClient(gateway.url);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await client.register(newPerson())).body.userId);
  for (const id of ids) await replicas.admin.users.del({ id });
  await eventually(async () => expect(await readinessKinds()).toContain("deletions_paused"), WITHIN_MS);
  await eventually(async () => {
    const { code, out } = await status();
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining("problem: deletions_paused: ") });
    expect(out).toContain("FEED_MAX_DELETIONS_PER_MINUTE");
  }, WITHIN_MS);
}, 180_000);

test("nobody reads the events any more: behind, and 1", async () => {
  await gateway.stop();
  await replicas.sql`DELETE FROM change_notices`;
  await replicas.sql`UPDATE sync_cursors SET updated_at = now() - interval '50 s' WHERE source = 'user_events'`;
  expect(await status()).toMatchObject({
    code: 1,
    out: expect.stringContaining("problem: behind: check whether Keycloak and PostgreSQL answer"),
  });
  await replicas.sql`UPDATE sync_cursors SET updated_at = now() - interval '2 min' WHERE source = 'feed.mode'`;
  expect(await status()).toMatchObject({ code: 1, out: expect.stringContaining("problem: behind: start a gateway") });
}, 60_000);
