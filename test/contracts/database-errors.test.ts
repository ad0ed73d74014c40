// What Prisma, its adapter and pg throw on a real PostgreSQL arrives as the errors of @libs/database.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  createDatabase,
  createRepositories,
  DatabaseError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  mapDatabaseError,
  type PrismaClient,
  TransactionConflictError,
} from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";

const SECRET = "value-that-must-not-leak";
const NOW = new Date();

let url: string;
let prisma: PrismaClient;

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
  prisma = createDatabase(url);
  await prisma.user.create({ data: { id: "holder", username: "Holder", email: "Holder@example.test", syncedAt: NOW } });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
});

const failureOf = (work: Promise<unknown>) => work.then(() => undefined, mapDatabaseError);
const user = (data: { id?: string; username?: string; email?: string; storeId?: string }) =>
  prisma.user.create({ data: { id: "new", username: "new", syncedAt: NOW, firstName: SECRET, ...data } });

describe("mapDatabaseError", () => {
  test.each([
    ["users_pkey", () => user({ id: "holder" })],
    ["users_username_key", () => user({ username: "HOLDER" })],
    ["users_email_key", () => user({ email: "holder@EXAMPLE.test" })],
    [
      "users_email_key",
      () => prisma.$executeRaw`
      INSERT INTO users (id, username, email, synced_at) VALUES ('n', 'n', 'HOLDER@example.test', now())`,
    ],
  ])("reads the name of the violated %s", async (constraint, work) => {
    expect(await failureOf(work())).toMatchObject({ name: "UniqueViolationError", constraint });
  });

  test.each([
    ["a model", () => user({ storeId: SECRET })],
    ["raw SQL", () => prisma.$executeRaw`UPDATE users SET store_id = ${SECRET}`],
  ])("reads the name of a foreign key violated by %s", async (_, work) => {
    expect(await failureOf(work())).toMatchObject({
      name: "ForeignKeyViolationError",
      constraint: "users_store_id_fkey",
    });
  });

  test.each([
    [
      "a check",
      () => prisma.$executeRaw`UPDATE users SET login_count = -1, first_name = ${SECRET}`,
      "23514",
      'new row for relation "users" violates check constraint "users_login_count_check"',
    ],
    ["a value of the wrong form", () => prisma.$queryRaw`SELECT ${SECRET}::text::uuid`, "22P02", null],
    ["a NUL character", () => prisma.user.findUnique({ where: { id: `${SECRET}\0` } }), "22021", null],
    ["a missing table", () => prisma.$queryRaw`SELECT * FROM nowhere`, "42P01", 'relation "nowhere" does not exist'],
    [
      "a missing column",
      () => prisma.$queryRaw`SELECT nothing FROM users WHERE username = ${SECRET}`,
      "42703",
      'column "nothing" does not exist',
    ],
    ["a text that is no SQL", () => prisma.$queryRawUnsafe(`SELEKT '${SECRET}'`), "42601", null],
  ])("%s is a refused statement; the log has names, and no value", async (_, work, sqlState, names) => {
    const refused = await failureOf(work());
    const internal = `statement refused (${sqlState})${names === null ? "" : `: ${names}`}`;
    expect(refused).toMatchObject({ name: "StatementRefusedError", sqlState, internal });
    expect(JSON.stringify(refused)).not.toContain(SECRET);
  });

  test("a trigger's refusal is a refused statement with the trigger's words", async () => {
    const { url: other } = await (await useStack()).createDatabase();
    const refusing = createDatabase(other);
    await refusing.$executeRaw`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END'`;
    await refusing.$executeRaw`CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse()`;
    const { users, tickets } = createRepositories(refusing);
    const profile = { id: "a", username: "a", email: null, firstName: SECRET, lastName: null };
    const applied = users.applyProfiles(
      [{ ...profile, emailVerified: true, enabled: true }],
      await tickets.next(),
      NOW,
    );
    const refused = await applied.then(
      () => undefined,
      (error) => error,
    );
    expect(refused).toBeInstanceOf(DatabaseError);
    expect(refused.message).toBe("statement refused (P0001): not today");
    // A trigger may put a value into its words.
    expect(refused.internal).toBe("statement refused (P0001)");
    expect(Bun.inspect(refused)).not.toContain(SECRET);
    await refusing.$disconnect();
  });

  test("of a deadlock's two, one is undone, and learns that nothing was written", async () => {
    await prisma.user.createMany({ data: ["left", "right"].map((id) => ({ id, username: id, syncedAt: NOW })) });
    const held = Promise.withResolvers<void>();
    let holders = 0;
    const lock = (first: string, second: string) =>
      prisma.$transaction(async (tx) => {
        await tx.user.update({ where: { id: first }, data: { lastName: first } });
        holders += 1;
        if (holders === 2) held.resolve();
        await held.promise;
        await tx.user.update({ where: { id: second }, data: { lastName: first } });
      });
    const [a, b] = await Promise.all([failureOf(lock("left", "right")), failureOf(lock("right", "left"))]);
    expect(a ?? b).toBeInstanceOf(TransactionConflictError);
    expect(a && b).toBeUndefined();
  });

  test("a statement that takes too long is a timeout", async () => {
    const impatient = createDatabase(url, { queryTimeoutMs: 400 });
    expect(await failureOf(impatient.$queryRaw`SELECT pg_sleep(5)::text`)).toBeInstanceOf(DatabaseTimeoutError);
    await impatient.$disconnect();
  });

  test("no free connection in time is a timeout", async () => {
    const narrow = createDatabase(url, { poolSize: 1, connectTimeoutMs: 500 });
    const busy = narrow.$queryRaw`SELECT pg_sleep(1.5)::text`.then();
    const started = () => prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1.5)%' AND datname = current_database() AND pid <> pg_backend_pid()`;
    while ((await started()).length === 0) await Bun.sleep(5);
    expect(await failureOf(narrow.user.count())).toBeInstanceOf(DatabaseTimeoutError);
    await busy;
    expect(await narrow.user.count()).toBeGreaterThan(0);
    await narrow.$disconnect();
  });

  test.each([
    ["wrong password", (good: URL) => Object.assign(good, { password: "wrong-and-long" })],
    ["no such database", (good: URL) => Object.assign(good, { pathname: "/nowhere" })],
    ["nobody listens", (good: URL) => Object.assign(good, { port: "1" })],
    ["no such host", (good: URL) => Object.assign(good, { hostname: "nowhere.invalid" })],
  ])("%s is an unavailable database, for models and raw SQL", async (_, broken) => {
    const away = createDatabase(broken(new URL(url)).href);
    expect(await failureOf(away.user.count())).toBeInstanceOf(DatabaseUnavailableError);
    expect(await failureOf(away.$queryRaw`SELECT 1`)).toBeInstanceOf(DatabaseUnavailableError);
    await away.$disconnect();
  });

  test("what is not the database's stays as it is", () => {
    const bug = new TypeError("x is undefined");
    expect(mapDatabaseError(bug)).toBe(bug);
    expect(mapDatabaseError("text")).toBe("text");
  });
});
