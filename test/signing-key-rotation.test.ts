// Keycloak takes new signing keys while people log in, refresh and call three replicas of two services: no valid request
// is refused.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { Fleet, statusFor, type Visitor } from "./support/fleet.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start(replicas.stack);
});
afterAll(stopGateways, 30_000);

const rotations = amount(2, 15);
/** Longer than the cool-down of unknown keys: nobody replaces a key twice in two seconds. */
const betweenRotationsMs = 3000;
const people = 4;
/** Calls of one person between two refreshes. */
const callsPerToken = 20;
/** Of one person, until they log out and somebody new comes. */
const tokensPerSession = 5;

interface Traffic {
  calls: number;
  /** What was not answered as a valid request is. */
  refused: string[];
  /** Keys that signed the tokens in use. */
  kids: Set<string>;
}

test("no valid request is refused", async () => {
  const traffic: Traffic = { calls: 0, refused: [], kids: new Set() };
  const running = { on: true };
  const visitors = Array.from({ length: people }, () => goOn(traffic, running));
  try {
    let previous = await activeKey();
    await eventually(() => expect([...traffic.kids]).toContain(previous));
    for (let rotation = 1; rotation <= rotations; rotation++) {
      const before = traffic.calls;
      const startedAt = performance.now();
      await eventually(() => addKey(String(1000 + rotation)));
      const current = await eventually(async () => {
        const kid = await activeKey();
        expect(kid).not.toBe(previous);
        return kid;
      });
      previous = current;
      // Tokens of the new key and of former ones are in use side by side.
      await eventually(() => expect([...traffic.kids]).toContain(current), 20_000);
      await eventually(() => expect(traffic.calls).toBeGreaterThan(before + people * callsPerToken), 20_000);
      await eventually(() => expect(performance.now() - startedAt).toBeGreaterThan(betweenRotationsMs));
    }
  } finally {
    running.on = false;
  }
  await Promise.all(visitors);
  expect(traffic.refused).toEqual([]);
  expect(traffic.kids.size).toBeGreaterThan(rotations);
  if (longForm) console.log(`${rotations} new signing keys, ${traffic.calls} requests, none refused`);
}, 600_000);

/** Somebody calls one replica after the other, refreshes, logs out, and somebody new comes. */
async function goOn(traffic: Traffic, running: { on: boolean }): Promise<void> {
  while (running.on) {
    const visitor = await fleet.welcome().catch((error: Error) => void traffic.refused.push(error.message));
    if (!visitor) continue;
    let { tokens } = visitor.session;
    for (let token = 0; running.on && token < tokensPerSession; token++) {
      traffic.kids.add(kidOf(tokens.access_token));
      for (let call = 0; call < callsPerToken; call++) await callNext(traffic, tokens.access_token);
      tokens = (await refreshed(visitor, tokens.refresh_token)) ?? tokens;
    }
    await visitor.client.logout({ sessionId: visitor.session.sessionId, refreshToken: tokens.refresh_token });
  }

  async function refreshed({ client, session: { sessionId } }: Visitor, refreshToken: string) {
    const { status, body, raw } = await client.refresh({ refreshToken, sessionId });
    if (status !== 200) traffic.refused.push(`refresh: ${status} ${raw}`);
    return status === 200 ? body.tokens : undefined;
  }
}

async function callNext(traffic: Traffic, token: string): Promise<void> {
  const urls = fleet.guardedUrls;
  const url = urls[traffic.calls++ % urls.length] ?? "";
  const status = await statusFor(token, url);
  if (status !== 200) traffic.refused.push(`${url}: ${status}`);
}

const kidOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;

/** Keycloak signs with the key of the highest priority. */
async function addKey(priority: string): Promise<void> {
  const realm = await replicas.admin.realms.findOne({ realm: replicas.stack.realm });
  await replicas.admin.components.create({
    name: `key-${priority}`,
    providerId: "rsa-generated",
    providerType: "org.keycloak.keys.KeyProvider",
    parentId: realm?.id ?? "",
    config: { priority: [priority], algorithm: ["RS256"], enabled: ["true"], active: ["true"] },
  });
}

async function activeKey(): Promise<string> {
  const { active } = await replicas.admin.realms.getKeys({ realm: replicas.stack.realm });
  return active?.["RS256"] ?? "";
}
