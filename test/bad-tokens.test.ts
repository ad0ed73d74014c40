// A hundred bad tokens against the gateway and the orders service: 401 each, quickly, and Keycloak is asked for its keys
// once in two seconds at most.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { badAccessTokens } from "./support/bad-access-tokens.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { Fleet, type Visitor } from "./support/fleet.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { percentile } from "./support/percentile.ts";
import { RealmKey } from "./support/realm-key.ts";
import { useReplicas } from "./support/replicas.ts";
import { recordSecret } from "./support/secrets-seen.ts";

/** As `PublishedGuardKeys` has it. */
const coolDownMs = 2000;

const replicas = useReplicas();
let keycloak: CountingProxy;
let fleet: Fleet;
let visitor: Visitor;
let bad: Record<string, string[]>;

beforeAll(async () => {
  const { stack, admin } = replicas;
  keycloak = CountingProxy.to(stack.keycloakUrl);
  fleet = await Fleet.start({ ...stack, keycloakUrl: keycloak.url }, 1);
  visitor = await fleet.welcome();
  const certs = await fetch(`${stack.issuer}/protocol/openid-connect/certs`);
  const { keys } = (await certs.json()) as { keys: { use: string }[] };
  const other = await stack.createRealm();
  bad = await badAccessTokens({
    genuine: visitor.session.tokens,
    realmKey: await RealmKey.add(stack, admin),
    publishedKey: keys.find(({ use }) => use === "sig") as object,
    ofOtherRealm: await serviceToken(other),
  });
  await other.drop();
}, 120_000);
afterAll(async () => {
  await stopGateways();
  await keycloak?.stop();
});

test("each is refused in time, and the genuine one goes on working", async () => {
  const tokens = Object.entries(bad).flatMap(([kind, tokens]) => tokens.map((token) => [kind, token] as const));
  expect(tokens.length).toBeGreaterThanOrEqual(100);
  for (const url of fleet.guardedUrls) expect((await ask(url, visitor.session.tokens.access_token)).status).toBe(200);
  const fetchedBefore = keycloak.calls.filter(isCerts).length;
  const startedAt = performance.now();
  const took: number[] = [];
  const rounds = amount(2, 10);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, token] of tokens) {
      for (const url of fleet.guardedUrls) {
        const sentAt = performance.now();
        const { status, challenge, raw } = await ask(url, token);
        took.push(performance.now() - sentAt);
        expect({ kind, status, challenge: challenge.startsWith("Bearer") }).toEqual({
          kind,
          status: 401,
          challenge: true,
        });
        if (token.length > 10) expect(raw).not.toContain(token.slice(0, 40));
      }
    }
  }
  const elapsedMs = performance.now() - startedAt;
  const fetched = keycloak.calls.filter(isCerts).length - fetchedBefore;
  const p99 = percentile(took, 0.99);
  if (longForm) {
    const rate = `${fetched} fetches of keys in ${(elapsedMs / 1000).toFixed(0)} s`;
    console.log(
      `${took.length} bad tokens, all 401: p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${rate}`,
    );
  }
  const times = (everyMs: number) => Math.ceil(elapsedMs / everyMs);
  // Without any token: a check of the configuration every 10 s, and the keys themselves every 30 s, of the gateway's two sets.
  const atRest = times(10_000) + 2 * times(30_000);
  expect(fetched).toBeLessThanOrEqual(fleet.guardedUrls.length * (times(coolDownMs) + atRest));
  // The short form runs beside others.
  expect(p99).toBeLessThan(amount(250, 50));
  for (const url of fleet.guardedUrls) expect((await ask(url, visitor.session.tokens.access_token)).status).toBe(200);
}, 300_000);

test("one of a megabyte is refused by the server itself, which lives on", async () => {
  const huge = `${visitor.session.tokens.access_token}${"A".repeat(1024 * 1024)}`;
  for (const url of fleet.guardedUrls) {
    const status = await ask(url, huge).then(
      ({ status }) => status,
      () => "connection closed",
    );
    expect([401, 431, "connection closed"]).toContain(status);
    expect((await ask(url, visitor.session.tokens.access_token)).status).toBe(200);
  }
});

const isCerts = (call: string) => call.endsWith("/certs");

async function ask(url: string, token: string) {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, challenge: answer.headers.get("www-authenticate") ?? "", raw: await answer.text() };
}

async function serviceToken({
  issuer,
  clientId,
  clientSecret,
}: {
  issuer: string;
  clientId: string;
  clientSecret: string;
}) {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  recordSecret(access_token);
  return access_token;
}
