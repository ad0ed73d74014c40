// Whose address counts behind a proxy, as proxies really write it: one client is one address and one limit, here and in
// Keycloak, and nobody chooses their own.
import { beforeAll, describe, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { type RawAnswer, requestHead, sendRaw } from "@libs/http/testing";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { useJourney } from "./support/journey.ts";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { recordSecret } from "./support/secrets-seen.ts";

const limits = { LIMIT_LOGIN_PER_ADDRESS: "2", LIMIT_LOGIN_PER_ACCOUNT: "0" };
const journey = useJourney(() => limits);
/** Reads `Forwarded`. */
let standard: GatewayProcess;
/** Trusts nobody that the tests are. */
let alone: GatewayProcess;
let admin: KcAdminClient;
let ada: Person & { id: string };

beforeAll(async () => {
  const start = (env: Record<string, string>) =>
    GatewayProcess.start(gatewayEnv({ ...journey.stack, databaseUrl: journey.databaseUrl }, { ...limits, ...env }));
  [standard, alone] = await Promise.all([
    start({ TRUSTED_PROXY_HEADER: "forwarded" }),
    start({ TRUSTED_PROXIES: "192.0.2.1" }),
  ]);
  admin = await realmAdmin(journey.stack);
  const person = newPerson();
  ada = { ...person, id: (await journey.client.register(person)).body.userId };
}, STACK_TIMEOUT_MS);

type Headers = Record<string, string>;

/** Logs in. @returns the address as it is here, and as Keycloak has it */
async function addressesOf(gateway: GatewayProcess, headers: Headers) {
  const { status, body } = await new AuthClient(gateway.url, headers).login(ada);
  expect(status).toBe(200);
  const [row] =
    await journey.sql`SELECT ip_address, keycloak_session_id FROM sessions WHERE session_id = ${body.sessionId}`;
  const inKeycloak = (await admin.users.listSessions({ id: ada.id })).find(({ id }) => id === row.keycloak_session_id);
  return { here: row.ip_address, inKeycloak: inKeycloak?.ipAddress };
}

const xForwardedFor: [value: string, address: string][] = [
  ["203.0.113.7:4711", "203.0.113.7"],
  ["[2001:db8::7]:443", "2001:db8::7"],
  ["[2001:db8::8]", "2001:db8::8"],
  ["2001:0DB8:0:0:0:0:0:9", "2001:db8::9"],
  ["::ffff:203.0.113.8", "203.0.113.8"],
  ["1.1.1.1:80, 203.0.113.9:4711, [::ffff:127.0.0.1]:1", "203.0.113.9"],
  // Nobody knows who it is: the proxy.
  ["unknown", "127.0.0.1"],
  ["_hidden:4711", "127.0.0.1"],
  ["203.0.113.7; DROP TABLE sessions", "127.0.0.1"],
];

describe("X-Forwarded-For", () => {
  test.each(xForwardedFor)("%p is %s", async (value, address) => {
    const headers = { "x-forwarded-for": value, forwarded: "for=192.0.2.99" };
    expect(await addressesOf(journey.gateway, headers)).toEqual({ here: address, inKeycloak: address });
  });
});

test("a header in several lines is one list, whose last member is the nearest proxy's", async () => {
  const body = JSON.stringify({ username: ada.username, password: ada.password });
  const send = (gateway: GatewayProcess, ...lines: string[]) =>
    sendRaw(
      gateway.url,
      requestHead(
        "POST",
        { target: "/auth/login", host: "gateway.example" },
        "content-type: application/json",
        `content-length: ${body.length}`,
        ...lines,
      ) + body,
    );
  const addressOf = async (answer: RawAnswer) => {
    const { sessionId, tokens } = JSON.parse(answer.body) as LoggedIn;
    for (const token of Object.values(tokens)) if (`${token}`.length > 100) recordSecret(`${token}`);
    const [row] = await journey.sql`SELECT ip_address FROM sessions WHERE session_id = ${sessionId}`;
    return row.ip_address;
  };
  const lines = ["x-forwarded-for: 1.1.1.1", "X-FORWARDED-FOR: 203.0.113.11:4711", "x-forwarded-for:"];
  expect(await addressOf(await send(journey.gateway, ...lines))).toBe("203.0.113.11");
  const standardLines = ["forwarded: for=1.1.1.1", 'Forwarded: for="[2001:db8::11]:4711"'];
  expect(await addressOf(await send(standard, ...standardLines))).toBe("2001:db8::11");
});

describe("Forwarded", () => {
  test.each([
    ['for="203.0.113.7:4711";proto=https', "203.0.113.7"],
    ['For="[2001:db8::7]:4711", for=127.0.0.1', "2001:db8::7"],
    ["for=1.1.1.1, for=203.0.113.8;by=_gw", "203.0.113.8"],
    ["for=unknown", "127.0.0.1"],
    ['for=1.1.1.1;x=", for=203.0.113.8', "127.0.0.1"],
  ])("%p is %s", async (value, address) => {
    const headers = { forwarded: value, "x-forwarded-for": "192.0.2.99" };
    expect(await addressesOf(standard, headers)).toEqual({ here: address, inKeycloak: address });
  });
});

test("who is no trusted proxy can't say who they are", async () => {
  for (const headers of [{ "x-forwarded-for": "203.0.113.7" }, { forwarded: "for=203.0.113.7" }] as Headers[])
    expect(await addressesOf(alone, headers)).toEqual({ here: "127.0.0.1", inKeycloak: "127.0.0.1" });
});

describe("limits", () => {
  const wrong = { username: "nobody-of-that-name", password: "not the password" };
  const codeOf = async (gateway: GatewayProcess, headers: Headers) =>
    (await new AuthClient(gateway.url, headers).login<ProblemBody>(wrong)).body.code;
  const codes = async (gateway: GatewayProcess, name: string, values: string[]) => {
    const found: string[] = [];
    for (const value of values) found.push(await codeOf(gateway, { [name]: value }));
    return found;
  };
  const [refused, limited] = ["auth.invalid_credentials", "rate.limited"];

  test("one client is one, whatever the port and the spelling, and no other is held up by it", async () => {
    const one = ["198.51.100.1:4711", "198.51.100.1:4712", "::ffff:198.51.100.1", "198.51.100.1"];
    expect(await codes(journey.gateway, "x-forwarded-for", one)).toEqual([refused, refused, limited, limited]);
    expect(await codes(journey.gateway, "x-forwarded-for", ["198.51.100.2:4711"])).toEqual([refused]);
    const standardOne = [
      "for=198.51.100.3",
      'for="198.51.100.3:4711"',
      'for="[::ffff:198.51.100.3]:1"',
      "for=198.51.100.4",
    ];
    expect(await codes(standard, "forwarded", standardOne)).toEqual([refused, refused, limited, refused]);
  });

  test("a household's IPv6 network is one client", async () => {
    const network = ["[2001:db8:1:1::1]:443", "2001:db8:1:1:9::2", "[2001:db8:1:1::3]"];
    expect(await codes(journey.gateway, "x-forwarded-for", network)).toEqual([refused, refused, limited]);
    expect(await codes(journey.gateway, "x-forwarded-for", ["[2001:db8:1:2::1]:443"])).toEqual([refused]);
  });

  test("a forged header opens no new limit", async () => {
    const forged = (n: number) => ({ "x-forwarded-for": `198.51.100.${n}`, forwarded: `for=198.51.100.${n}` });
    const found: string[] = [];
    for (const n of [11, 12, 13]) found.push(await codeOf(alone, forged(n)));
    expect(found).toEqual([refused, refused, limited]);
  });
});

test("a proxy that is not understood, or not named, shows in metrics and in one line of the log, without an address", async () => {
  const signs = [
    [journey.gateway, "unreadable"],
    [journey.gateway, "hidden"],
    [standard, "unreadable"],
    [alone, "untrusted"],
  ] as const;
  for (const [gateway, reason] of signs) {
    expect(await gateway.metrics()).toMatch(new RegExp(`client_address_signs_total\\{reason="${reason}"\\} [1-9]`));
    await eventually(() => expect(gateway.entries().filter((entry) => entry.reason === reason)).toHaveLength(1));
    expect(JSON.stringify(gateway.entries().filter((entry) => entry.reason === reason))).not.toMatch(/203\.0|1\.1\.1/);
  }
});
