// What is said of a Keycloak that is too old, newer than tested, or works without events: by `realm apply`, `start`, the
// gateway and the doctor. The version is a proxy's in front of the real server; nothing is refused for its number alone
// but what is older than all that were tested.
import { afterEach, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import type { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { asOtherVersion, type OtherVersion } from "./support/other-version.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { givenServers, StartCommand } from "./support/start-command.ts";

const OLD: OtherVersion = { version: "23.0.7", eventsByDay: true };
const WITHOUT_EVENTS: OtherVersion = { version: "26.1.4", eventsByDay: true };
const NEW: OtherVersion = { version: "27.1.0" };
const TOO_OLD =
  "Keycloak 23.0.7 is too old: 24.0 is the oldest that is supported, and 26.2 the oldest with full support.";

let stack: TestStack;
let proxy: CountingProxy | undefined;
beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);
afterEach(async () => {
  await stopGateways();
  await proxy?.stop();
});

/** The stack with its Keycloak as another version. */
function as(version: OtherVersion) {
  proxy = asOtherVersion(stack.keycloakUrl, version);
  return { ...stack, keycloakUrl: proxy.url };
}

const administrator = () => ({
  KEYCLOAK_ADMIN_USERNAME: stack.keycloakAdmin.username,
  KEYCLOAK_ADMIN_PASSWORD: stack.keycloakAdmin.password,
});
const asAdministrator = (target: TestStack, ...args: string[]) =>
  authctl(target, args, undefined, { KEYCLOAK_SSL_REQUIRED: "none", ...administrator() });

test("too old: realm apply refuses in one sentence, and changes nothing", async () => {
  const realm = `old-${crypto.randomUUID()}`;
  const { code, out, err } = await asAdministrator({ ...as(OLD), realm }, "realm", "apply", "--yes");
  expect({ code, out, err }).toEqual({ code: 1, out: "", err: expect.stringContaining(TOO_OLD) });
  expect(proxy?.calls.filter((call) => !call.startsWith("GET") && !call.includes("/token"))).toEqual([]);
  const admin = await realmAdmin(stack);
  expect(await admin.realms.findOne({ realm })).toBeNull();
}, 30_000);

test("too old: start refuses in one sentence", async () => {
  const { keycloakUrl } = as(OLD);
  const { url } = await stack.createDatabase();
  const given = { ...givenServers({ ...stack, keycloakUrl }, url), KEYCLOAK_REALM: stack.realm };
  const { code, output } = await new StartCommand(given).ended();
  expect(code).toBe(1);
  expect(output).toContain(TOO_OLD);
  expect(output).not.toMatch(/^\s+at /m);
}, 60_000);

test("too old: the gateway is never ready, and says why with a code", async () => {
  const gateway = await GatewayProcess.start(gatewayEnv(as(OLD)));
  const ready = () => new AuthClient(gateway.url).get("/health/ready");
  await eventually(
    async () =>
      expect(await ready()).toMatchObject({
        status: 503,
        body: { problems: [{ kind: "keycloak.version_old", todo: expect.stringContaining("24.0 is the oldest") }] },
      }),
    30_000,
  );
  await gateway.logged((entry) => entry["problem"] === "keycloak.version_old" && entry["detail"] === "23.0.7");
}, 60_000);

test("without events: the gateway is ready, realm apply and start say how changes arrive", async () => {
  const target = as(WITHOUT_EVENTS);
  const gateway = await GatewayProcess.start(gatewayEnv(target));
  await eventually(async () =>
    expect(await new AuthClient(gateway.url).get("/health/ready")).toMatchObject({
      status: 200,
      body: { status: "ready", feed_mode: "reconciliation", feed_bound: expect.stringContaining("within 15 min") },
    }),
  );
  const apply = await asAdministrator(target, "realm", "apply", "--dry-run");
  expect(apply.code, apply.err).toBe(0);
  expect(apply.err).toContain("Keycloak 26.1.4 works without events");
  expect(apply.err).toContain("feed_mode reconciliation");
  // The version is asked for once, whatever is checked every few seconds.
  const asked = () => proxy?.calls.filter((call) => call.endsWith("/admin/serverinfo")).length;
  const before = asked();
  await gateway.logged((entry) => entry["feed_mode"] === "reconciliation");
  expect(asked()).toBe(before);
}, 60_000);

test("newer than tested: a warning and no refusal", async () => {
  const target = as(NEW);
  const apply = await asAdministrator(target, "realm", "apply", "--dry-run");
  expect(apply.code, apply.err).toBe(0);
  expect(apply.err).toContain(
    "Keycloak 27.1.0 is newer than 26.7, the newest that was tested: try it on a copy first.",
  );
  const doctor = await asAdministrator(target, "doctor");
  expect(doctor.code, doctor.out).toBe(0);
  expect(doctor.out).toContain("keycloak.version_untested");
  expect(doctor.out).toContain("27.1.0");
  const gateway = await GatewayProcess.start(gatewayEnv(target));
  await eventually(async () =>
    expect(await new AuthClient(gateway.url).get("/health/ready")).toMatchObject({
      status: 200,
      body: { feed_mode: "events" },
    }),
  );
}, 60_000);

test("newer than tested: start says so, and goes on", async () => {
  const { keycloakUrl } = as(NEW);
  const realm = await stack.createRealm();
  const { url } = await stack.createDatabase();
  const given = { ...givenServers({ ...stack, keycloakUrl }, url), KEYCLOAK_REALM: realm.realm };
  const command = new StartCommand(given, "stack");
  await command.written(`Realm ${realm.realm}`);
  expect(command.output).toContain("Keycloak 27.1.0 is newer than 26.7");
  await command.stop();
}, 60_000);

test("too old: the doctor says so, to an administrator and to the gateway's own account", async () => {
  const target = as(OLD);
  for (const doctor of [await asAdministrator(target, "doctor"), await authctl(target, ["doctor"])]) {
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain("keycloak.version_old");
    expect(doctor.out).toContain("23.0.7");
  }
}, 60_000);
