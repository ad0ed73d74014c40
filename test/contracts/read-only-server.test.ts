// A server that was made read-only keeps its connections: guards leave it, although it would deliver their own messages.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { PostgresChangeChannel } from "@libs/database";
import { ReplicatedPostgres, STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { SQL } from "bun";
import { eventually } from "../support/eventually.ts";

let server: ReplicatedPostgres;
let url: string;
let channel: PostgresChangeChannel | undefined;

beforeAll(async () => {
  server = await ReplicatedPostgres.open(1);
  url = server.primaryUrl("postgres");
}, STACK_TIMEOUT_MS);
afterEach(() => channel?.close());
afterAll(() => server?.stop());

async function listening(address: string) {
  channel = new PostgresChangeChannel(address, { beatMs: 50 });
  channel.listen(() => {});
  await eventually(() => expect(channel?.isUp()).toBe(true));
  return channel;
}

test("an account that only reads listens as any other", async () => {
  const sql = new SQL(url, { max: 1 });
  await sql`CREATE ROLE reader LOGIN PASSWORD 'reader'`;
  await sql`ALTER ROLE reader SET default_transaction_read_only = on`;
  await sql.close();
  await listening(Object.assign(new URL(url), { username: "reader", password: "reader" }).href);
});

test("a server that only reads from now on: its channel is lost", async () => {
  const up = await listening(url);
  await server.makeReadOnly();
  await eventually(() => expect(up.isUp()).toBe(false));
}, 30_000);
