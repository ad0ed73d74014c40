// The repositories on a real PostgreSQL pass the suites that the in-memory ones pass.
import { afterAll, beforeAll } from "bun:test";
import { createDatabase, type PrismaClient } from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { repositoryContracts } from "../support/repository-contracts.ts";

/** What a database or an account may be set to: none of it may change an answer. */
const UNUSUAL_SETTINGS = {
  // An adapter that trusts the server's time zone shifts every time, one that trusts its order of day and month swaps them.
  TimeZone: "America/New_York",
  DateStyle: "SQL, DMY",
  IntervalStyle: "sql_standard",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  bytea_output: "escape",
  extra_float_digits: "-15",
  xmlbinary: "hex",
  xmloption: "document",
  array_nulls: "off",
  transform_null_equals: "on",
  standard_conforming_strings: "off",
  row_security: "off",
  jit: "on",
  jit_above_cost: "0",
  plan_cache_mode: "force_generic_plan",
};

let prisma: PrismaClient;

beforeAll(async () => {
  const stack = await useStack();
  const { url } = await stack.createDatabase();
  prisma = createDatabase(url);
  const name = new URL(url).pathname.slice(1);
  for (const [setting, value] of Object.entries(UNUSUAL_SETTINGS))
    await prisma.$executeRawUnsafe(`ALTER DATABASE "${name}" SET ${setting} = '${value}'`);
  await prisma.$disconnect();
  prisma = createDatabase(url, { queryTimeoutMs: 10_000 });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
});

repositoryContracts("PostgreSQL", () => prisma);
