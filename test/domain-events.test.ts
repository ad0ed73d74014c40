// What happens to users and sessions is reported to sibling services: at least once, and in order for each user.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { subscribeToEvents } from "@libs/keycloak-authV2/events";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { readHandled, SubscriberProcess } from "./support/subscriber-process.ts";

const replicas = useReplicas();
const file = join(tmpdir(), `handled-${crypto.randomUUID()}`);
const subscribers: SubscriberProcess[] = [];
let over = false;
const [people, rounds, kills] = [amount(6, 8), amount(3, 30), amount(3, 30)];

beforeAll(() => writeFileSync(file, ""), STACK_TIMEOUT_MS);
afterAll(async () => {
  over = true;
  await Promise.all(subscribers.map((subscriber) => subscriber.kill()));
  await stopGateways();
  rmSync(file, { force: true });
});

interface Registered {
  id: string;
  person: Person;
}

async function register(client: AuthClient): Promise<Registered> {
  const person = newPerson();
  const { status, body } = await client.register(person);
  expect(status).toBe(201);
  return { id: body.userId, person };
}

/** A person logs in and out, and an administrator changes the name: three events. */
async function live(client: AuthClient, admin: KcAdminClient, { id, person }: Registered, round: number) {
  // A machine that is busy answers 504 at times.
  const { body } = await eventually(async () => {
    const answer = await client.login(person);
    expect(answer.status).toBe(200);
    return answer;
  });
  await admin.users.update({ id }, { lastName: `n${round}` });
  await client.logout({ sessionId: body.sessionId, refreshToken: body.tokens.refresh_token });
}

async function startSubscriber(): Promise<void> {
  const subscriber = await SubscriberProcess.start(replicas.stack.databaseUrl, "failing", file);
  subscribers.push(subscriber);
  // The test failed meanwhile: nothing of it stays.
  if (over) await subscriber.kill();
}

async function killOne(): Promise<void> {
  const [victim] = subscribers.splice(randomInt(subscribers.length), 1);
  await victim?.kill();
}

test("a subscriber that fails at random and is killed gets each event, in order per user", async () => {
  const { admin, sql, start } = replicas;
  const gateways = await Promise.all([start("directly"), start("directly")]);
  const clients = gateways.map(({ url }) => new AuthClient(url));
  const clientOf = (index: number) => clients[index % clients.length] as AuthClient;
  await Promise.all([startSubscriber(), startSubscriber()]);

  const work = Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const registered = await register(clientOf(index));
      for (let round = 0; round < rounds; round++) await live(clientOf(index + round), admin, registered, round);
      return registered.id;
    }),
  );
  for (let kill = 0; kill < kills && !over; kill++) {
    await Bun.sleep(randomInt(500, 1500));
    await killOne();
    await startSubscriber();
  }
  const ids = await work;
  await eventually(async () => {
    const users: { id: string; version: number }[] = await sql`
      SELECT id, event_version::int AS version FROM users WHERE last_name = ${`n${rounds - 1}`}`;
    expect(users.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const handled = readHandled(file);
    const missing = users.filter(({ id, version }) => !handled.get(id)?.some((event) => event.version === version));
    expect(missing).toEqual([]);
  }, 240_000);

  const users: { id: string; version: number }[] = await sql`SELECT id, event_version::int AS version FROM users`;
  const handled = readHandled(file);
  for (const { id, version } of users) {
    const versions = (handled.get(id) ?? []).map((event) => event.version);
    // One may come again, because its process died before it could say that it is done; none comes late.
    expect(versions.filter((each, index) => each < Math.max(1, ...versions.slice(0, index)))).toEqual([]);
    expect([...new Set(versions)]).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    expect(handled.get(id)?.[0]?.type).toBe("user.registered");
  }
  const types = (id: string) => (handled.get(id) ?? []).map(({ type }) => type);
  for (const id of ids) {
    for (const type of ["session.started", "session.ended", "user.updated"]) expect(types(id)).toContain(type);
  }
  if (longForm) {
    const [events, lines] = [users.reduce((sum, { version }) => sum + version, 0), [...handled.values()].flat().length];
    console.log(
      `${kills} kills: ${events} events of ${users.length} users, each in order; ${lines - events} came again`,
    );
  }
}, 900_000);

test("a subscriber gets the types it asked for, with what has changed, and nothing secret", async () => {
  const { stack, admin, start } = replicas;
  const gateway = await start("directly");
  const seen: { userId: string; type: string; payload: object }[] = [];
  const { stop } = await subscribeToEvents({
    databaseUrl: stack.databaseUrl,
    name: "names",
    types: ["user.updated", "user.disabled", "user.deleted"],
    handle: ({ userId, type, payload }) => void seen.push({ userId, type, payload }),
  });
  try {
    const { id } = await register(new AuthClient(gateway.url));
    const reported = (type: string) =>
      eventually(() => {
        const event = seen.find((each) => each.userId === id && each.type === type);
        return event?.payload ?? Promise.reject(new Error(`${type} was not reported`));
      });
    await admin.users.update({ id }, { firstName: "Grace" });
    expect(await reported("user.updated")).toMatchObject({ firstName: "Grace", changed: ["firstName"] });
    await admin.users.update({ id }, { enabled: false });
    expect(await reported("user.disabled")).toMatchObject({ firstName: "Grace", enabled: false });
    await admin.users.del({ id });
    expect(await reported("user.deleted")).toEqual({});
    const order = seen.filter((each) => each.userId === id).map(({ type }) => type);
    expect(order).toEqual(["user.updated", "user.disabled", "user.deleted"]);
  } finally {
    await stop();
  }
});
