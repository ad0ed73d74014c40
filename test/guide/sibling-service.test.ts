// The README's sibling service, run as it is printed, on the real stack.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { freePorts, STACK_TIMEOUT_MS, spawnSupervised } from "@libs/dev-stack";
import { eventually } from "../support/eventually.ts";
import { ordersEnv } from "../support/gateway-process.ts";
import { useShop } from "../support/shop.ts";

const shop = useShop();
const file = Bun.fileURLToPath(new URL("../../docs/examples/sibling-service.ts", import.meta.url));
let service: Bun.Subprocess;
let url: string;

beforeAll(async () => {
  const [port = 0] = freePorts(1);
  url = `http://127.0.0.1:${port}`;
  const { PATH, HOME } = process.env;
  const given = ordersEnv({ ...shop.stack, databaseUrl: shop.databaseUrl });
  const { DATABASE_URL, DATABASE_DIRECT_URL, KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_CLIENT_ID } = given;
  const database = { DATABASE_URL, DATABASE_DIRECT_URL };
  const env = { PATH, HOME, PORT: String(port), ...database, KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_CLIENT_ID };
  service = spawnSupervised([process.execPath, file], { env, stdout: "ignore", stderr: "inherit" });
  await eventually(async () => expect((await fetch(`${url}/prices`)).status).toBe(200));
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  service?.kill();
  await service?.exited;
});

test("takes under 20 lines", async () => {
  expect((await Bun.file(file).text()).trim().split("\n").length).toBeLessThan(20);
});

test("knows who calls, what they may do where, and when they have gone", async () => {
  const { client, sql } = shop;
  expect((await fetch(`${url}/me`)).status).toBe(401);
  const ada = await shop.customer();
  const me = await ada.call(url, "GET", "/me");
  expect(me.body).toMatchObject({ id: ada.userId, name: ada.person.username });
  expect(Date.now() - Date.parse(String(me.body.since))).toBeLessThan(60_000);
  const orders = (store: string) => ada.call(url, "GET", `/stores/${store}/orders`);
  const refused = await orders("store-1");
  expect({ status: refused.status, detail: refused.body.detail }).toMatchObject({
    status: 403,
    detail: expect.stringContaining("orders:read"),
  });
  await sql`
    WITH role AS (INSERT INTO roles (name) VALUES ('clerk') RETURNING id), linked AS (
      INSERT INTO role_permissions (role_id, permission_id)
      SELECT role.id, permissions.id FROM role, permissions WHERE permissions.name = 'orders:read'
    )
    INSERT INTO user_roles (user_id, role_id, store_id) SELECT ${ada.userId}, id, 'store-1' FROM role`;
  await eventually(async () => expect((await orders("store-1")).body).toEqual({ ordersOf: "store-1" }), 1000);
  expect((await orders("store-2")).status).toBe(403);
  expect((await ada.call(url, "DELETE", "/me")).status).toBe(200);
  await client.logout({ sessionId: ada.sessionId, refreshToken: ada.refreshToken });
  await eventually(async () => expect((await ada.call(url, "GET", "/me")).status).toBe(401), 1000);
});
