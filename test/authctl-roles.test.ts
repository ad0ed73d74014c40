// Roles by the operator's tool, on a real PostgreSQL: defined, given, taken back, and who did it when.
import { expect, test } from "bun:test";
import { useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { authctl as run } from "./support/authctl.ts";

const lines = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("roles are defined, given, listed and taken back; each change is logged with who made it", async () => {
  const stack = await useStack();
  const { url: databaseUrl } = await stack.createDatabase();
  const authctl = (...args: string[]) =>
    run({ ...stack, databaseUrl }, ["roles", ...args], undefined, { USER: "grace" });
  const sql = new SQL(databaseUrl, { max: 1 });
  const now = new Date();
  const user = { id: "user-1", username: "ada", email: "ada@example.com", email_verified: true, synced_at: now };
  await sql`INSERT INTO users ${sql(user)}`;
  await sql`INSERT INTO stores ${sql({ id: "store-1", name: "First store" })}`;

  const names = "orders:read,orders:write";
  const unknown = await authctl("define", "clerk", "--permissions", names);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("orders:read, orders:write") });
  expect((await authctl("define", "clerk", "--permissions", "Orders Read")).code).toBe(2);
  expect((await authctl("define", "clerk", "--permissions", names, "--new-permissions")).code).toBe(0);
  expect(lines((await authctl("list", "--json")).out)).toEqual([
    { name: "clerk", description: null, permissions: ["orders:read", "orders:write"] },
  ]);

  expect((await authctl("grant", "clerk", "ada", "--store", "store-1")).out).toContain(
    "granted: clerk to user-1, store",
  );
  expect((await authctl("grant", "clerk", "ADA@example.com", "--store", "store-1")).out).toContain("held already");
  const waiting = await authctl("grant", "clerk", "new@example.com");
  expect(waiting.out).toContain("granted: clerk to new@example.com, everywhere, once the email is verified");
  for (const [args, said] of [
    [["grant", "none", "ada"], "access.role_unknown"],
    [["grant", "clerk", "nobody"], "no user here has this id or username"],
    [["grant", "clerk", "ada", "--store", "none"], "access.store_unknown"],
    [["revoke", "clerk", "ada"], "There is no such grant"],
  ] as const)
    expect(await authctl(...args)).toMatchObject({ code: 1, err: expect.stringContaining(said) });
  expect((await authctl("grant", "clerk", "ada", "--store", "s", "--organization", "o")).code).toBe(2);

  expect(lines((await authctl("grants", "--of", "ada@example.com", "--json")).out)).toMatchObject([
    { role: "clerk", userId: "user-1", storeId: "store-1", grantedBy: "authctl:grace" },
  ]);
  expect((await authctl("grants")).out).toContain("new@example.com (waits for the email to be verified)");
  const permissions = await authctl("permissions", "ada@example.com", "--json");
  expect(lines(permissions.out)).toContainEqual({
    permission: "orders:write",
    storeId: "store-1",
    organizationId: null,
  });
  expect((await authctl("permissions")).out).toContain("orders:read");

  expect((await authctl("revoke", "clerk", "ada", "--store", "store-1")).out).toContain("revoked: clerk to user-1");
  expect((await authctl("permissions", "ada")).out).toContain("None.");
  expect((await authctl("delete", "clerk")).code).toBe(2);
  expect((await authctl("delete", "clerk", "--yes")).out).toContain("removed: clerk, and 1 grants of it");
  const log = await sql`SELECT type, details->>'by' AS by FROM activity_logs ORDER BY id`;
  expect(log.map(({ type }: { type: string }) => type)).toEqual([
    "role.defined",
    "role.granted",
    "role.granted",
    "role.revoked",
    "role.deleted",
    "role.revoked",
  ]);
  expect(log.every(({ by }: { by: string }) => by === "authctl:grace")).toBe(true);
  await sql.close();
}, 120_000);
