import { beforeAll, expect, test } from "bun:test";
import { withClient } from "../postgres/administer.ts";
import type { TestStack } from "./open-test-stack.ts";
import { STACK_TIMEOUT_MS, useStack } from "./use-stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);

const tables = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  });

test("there is one stack for the process", async () => {
  expect(await useStack()).toBe(stack);
});

test("the realm is this run's own and gives the gateway's client a token", async () => {
  const discovery = await fetch(`${stack.issuer}/.well-known/openid-configuration`);
  expect(await discovery.json()).toMatchObject({ issuer: stack.issuer });
  const { clientId: client_id, clientSecret: client_secret } = stack;
  const token = await fetch(`${stack.issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret }),
  });
  expect(token.status).toBe(200);
  expect(stack.realm).toStartWith("test-");
});

test("databases are migrated, empty, and separate from each other", async () => {
  const first = await stack.createDatabase();
  const second = await stack.createDatabase();
  const migrated = await tables(stack.databaseUrl);
  expect(migrated).toEqual(expect.arrayContaining(["users", "sessions", "registrations"]));
  expect(await tables(first.url)).toEqual(migrated);
  await withClient(first.url, (client) => client.query("CREATE TABLE mine ()"));
  expect(await tables(second.url)).not.toContain("mine");
  await first.drop();
  await expect(tables(first.url)).rejects.toThrow();
});

test("a test can have another realm, set up in its own way", async () => {
  const realm = await stack.createRealm({ passwordPolicy: "length(20)" });
  expect(realm.realm).not.toBe(stack.realm);
  expect((await fetch(realm.issuer)).status).toBe(200);
  await realm.drop();
  expect((await fetch(realm.issuer)).status).toBe(404);
}, 30_000);
