import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { type Answer, AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

let stack: TestStack;
let keycloak: TcpProxy;
let postgres: TcpProxy;
let gateway: GatewayProcess;
let client: AuthClient;
let person: ReturnType<typeof newPerson>;
let session: LoggedIn;

beforeAll(async () => {
  stack = await useStack();
  const { url } = await stack.createDatabase();
  const [keycloakUrl, databaseUrl] = [new URL(stack.keycloakUrl), new URL(url)];
  keycloak = await TcpProxy.to(keycloakUrl.hostname, Number(keycloakUrl.port));
  postgres = await TcpProxy.to(databaseUrl.hostname, Number(databaseUrl.port));
  keycloakUrl.port = String(keycloak.port);
  databaseUrl.port = String(postgres.port);
  databaseUrl.hostname = keycloakUrl.hostname = "127.0.0.1";
  const throughProxies = { ...stack, keycloakUrl: keycloakUrl.origin, databaseUrl: databaseUrl.href };
  gateway = await GatewayProcess.start(gatewayEnv(throughProxies));
  client = new AuthClient(gateway.url);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([keycloak?.stop(), postgres?.stop()]);
});

beforeEach(async () => {
  keycloak.mode = postgres.mode = "pass";
  await eventually(async () => expect((await client.get("/health/ready")).status).toBe(200));
  person = newPerson();
  const registered = await client.register(person);
  const login = await client.login(person);
  expect([registered, login].map(({ status, raw }) => (status < 300 ? "" : raw))).toEqual(["", ""]);
  session = login.body;
});

const flows: Record<string, () => Promise<Answer<ProblemBody>>> = {
  register: () => client.register<ProblemBody>(newPerson()),
  login: () => client.login<ProblemBody>({ username: person.username, password: person.password }),
  refresh: () =>
    client.refresh<ProblemBody>({ sessionId: session.sessionId, refreshToken: session.tokens.refresh_token }),
  logout: () =>
    client.logout<ProblemBody>({ sessionId: session.sessionId, refreshToken: session.tokens.refresh_token }),
};

async function expectOutage(flow: keyof typeof flows, statuses: number[]) {
  const started = performance.now();
  const answer = await flows[flow]?.();
  expect(performance.now() - started).toBeLessThan(5000);
  expect(statuses).toContain(answer?.status ?? 0);
  expect(answer?.headers.get("retry-after")).toBeString();
  expect(answer?.headers.get("content-type")).toBe("application/problem+json");
  for (const secret of [person.password, session.tokens.refresh_token]) expect(answer?.raw).not.toContain(secret);
}

async function expectNotReady(away: string) {
  await eventually(async () => {
    const { status, body } = await client.get<{ checks: Record<string, string> }>("/health/ready");
    expect(status).toBe(503);
    expect(body.checks[away]).toBe("away");
  });
  expect((await client.get("/health/live")).status).toBe(200);
}

const servers = [
  ["keycloak", () => keycloak],
  ["database", () => postgres],
] as const;
const modes = [
  ["away", "refuse", [503]],
  ["silent", "black-hole", [503, 504]],
  ["mute (its answers are lost)", "swallow", [503, 504]],
] as const;

describe.each(servers)("%s", (name, proxy) => {
  describe.each(modes)("is %s", (_words, mode, statuses) => {
    test.each(Object.keys(flows))(
      "%s answers within 5 s and works again without a restart",
      async (flow) => {
        proxy().mode = mode;
        // The session is over here, whatever Keycloak says: the rest follows by itself.
        if (name === "keycloak" && flow === "logout") expect((await flows[flow]?.())?.status).toBe(200);
        else await expectOutage(flow, [...statuses]);
        await expectNotReady(name);
        proxy().mode = "pass";
        await eventually(async () => expect((await client.get("/health/ready")).status).toBe(200));
        const again = await eventually(async () => {
          const answer = await flows[flow]?.();
          expect(answer?.status).toBeLessThan(300);
          return answer;
        });
        expect(again?.raw).not.toContain(person.password);
      },
      60_000,
    );
  });
});

describe("Keycloak answers nonsense", () => {
  const nonsense: [string, () => Response][] = [
    [
      "an HTML page",
      () => new Response("<html>Bad gateway</html>", { status: 502, headers: { "content-type": "text/html" } }),
    ],
    ["200 with an HTML page", () => new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } })],
    ["200 with other JSON", () => Response.json({ hello: "world" })],
    [
      "200 with broken JSON",
      () => new Response('{"access_token":', { headers: { "content-type": "application/json" } }),
    ],
    ["500 with an empty body", () => new Response(null, { status: 500 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://example.com/" } })],
  ];

  test.each(nonsense)("%s: 503 with Retry-After, the session stays", async (_name, answer) => {
    const stub = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    const database = new URL(stack.databaseUrl);
    const confused = await GatewayProcess.start(
      gatewayEnv(stack, { KEYCLOAK_URL: `http://127.0.0.1:${stub.port}`, DATABASE_URL: database.href }),
    );
    try {
      const caller = new AuthClient(confused.url);
      for (const problem of [
        await caller.login<ProblemBody>({ username: person.username, password: person.password }),
        await caller.register<ProblemBody>(newPerson()),
      ]) {
        expect(problem.status).toBe(503);
        expect(problem.headers.get("retry-after")).toBeString();
        expect(problem.raw).not.toContain(person.password);
      }
      expect((await caller.get("/health/ready")).status).toBe(503);
    } finally {
      await confused.stop();
      await stub.stop(true);
    }
  });
});
