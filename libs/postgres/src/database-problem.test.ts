import { expect, test } from "bun:test";
import { databaseProblem } from "./database-problem.ts";
import {
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  ForeignKeyViolationError,
  StatementRefusedError,
  TransactionConflictError,
  UnfinishedRegistrationError,
  UniqueViolationError,
} from "./errors.ts";
import { mapDatabaseError } from "./map-database-error.ts";

test.each([
  [new DatabaseUnavailableError(), "database.unavailable"],
  [new TransactionConflictError(), "database.unavailable"],
  [new DatabaseTimeoutError(), "database.timeout"],
  [new UnfinishedRegistrationError(), "registration.recovering"],
  [new UniqueViolationError("users_email_key"), "database.unavailable"],
  [new ForeignKeyViolationError("sessions_user_id_fkey"), "internal.error"],
  [new StatementRefusedError("42P01", "a missing table"), "database.unavailable"],
  [new StatementRefusedError("42501", "a missing right"), "database.unavailable"],
  [new StatementRefusedError("P0001", "a trigger"), "database.unavailable"],
  [new StatementRefusedError("23514", "a check"), "internal.error"],
  [new StatementRefusedError("22021", "a character"), "internal.error"],
] as const)("%p is %s", (error, code) => {
  expect(databaseProblem(error)).toMatchObject({ code, cause: error });
});

test("an error of another kind is none of the database's", () => {
  expect(databaseProblem(new Error("a bug"))).toBeUndefined();
});

/** As `pg` throws it. */
const reported = (code: string, more: object = {}) =>
  Object.assign(new Error(`refused: do-not-show`), { severity: "ERROR", code, ...more });

test.each([
  ["57014", {}, "DatabaseTimeoutError"],
  ["55P03", {}, "DatabaseTimeoutError"],
  ["57P01", {}, "DatabaseUnavailableError"],
  ["25006", {}, "DatabaseUnavailableError"],
  ["53300", {}, "DatabaseUnavailableError"],
  ["28P01", {}, "DatabaseUnavailableError"],
  ["40001", {}, "TransactionConflictError"],
  ["40P01", {}, "TransactionConflictError"],
  ["23505", { constraint: "users_email_key" }, "UniqueViolationError"],
  ["23503", { constraint: "users_store_fkey" }, "ForeignKeyViolationError"],
  ["22021", {}, "StatementRefusedError"],
  ["42P01", {}, "StatementRefusedError"],
])("an error of pg itself, %s, is read as one of Prisma's", (code, more, name) => {
  const mapped = mapDatabaseError(reported(code, more)) as Error & { constraint?: string; internal?: string };
  expect(mapped.name).toBe(name);
  if ("constraint" in more) expect(mapped.constraint).toBe(more.constraint);
  if (code.startsWith("22")) expect(mapped.internal).not.toContain("do-not-show");
});

test.each([
  "CERT_HAS_EXPIRED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "EPROTO",
  "ENOENT",
  "EACCES",
  "EMFILE",
  "ECONNRESET",
])("%s: there is no connection", (code) => {
  expect(mapDatabaseError(Object.assign(new Error("no"), { code }))).toBeInstanceOf(DatabaseUnavailableError);
});

test("a code that says nothing of a connection stays as it is", () => {
  const bug = Object.assign(new Error("a bug"), { code: "ERR_INVALID_ARG_TYPE" });
  expect(mapDatabaseError(bug)).toBe(bug);
});
