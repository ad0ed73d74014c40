import { expect, test } from "bun:test";
import { databaseUrlFault } from "../connect/database-url-fault.ts";
import { connectionFailure } from "./connection-failure.ts";
import { describeConnectionFailure } from "./describe-connection-failure.ts";

const url = "postgresql://app%40shop:do-not-show@db.example:5433/orders";
const failure = (code: string, message: string) => Object.assign(new Error(message), code && { code });

test.each([
  ["28P01", "", 'refuses user "app@shop" or its password'],
  ["28000", "role may not log in", 'does not let user "app@shop" connect to database "orders"'],
  ["28000", 'no pg_hba.conf entry for host "10.0.0.1", no encryption', "demands TLS"],
  ["08P01", "SSL required", "demands TLS"],
  ["3D000", "", 'has no database "orders"'],
  ["08P01", "no such database: orders", 'has no database "orders"'],
  ["08P01", 'server login failed: FATAL database "orders" does not exist', 'has no database "orders"'],
  ["08P01", "SASL authentication failed", 'refuses user "app@shop" or its password'],
  ["42501", "", 'gives user "app@shop" no right'],
  ["53300", "", "has no connection left"],
  ["57P03", "", "is starting or stopping"],
  ["25006", "", "is read-only"],
  ["55000", "", 'lets nobody connect to "orders"'],
  ["ECONNREFUSED", "", "Nothing listens at db.example:5433"],
  ["ENOTFOUND", "", 'The host "db.example" of DATABASE_URL is unknown'],
  ["EAI_AGAIN", "", 'The host "db.example" of DATABASE_URL is unknown'],
  ["ETIMEDOUT", "", "does not answer in time"],
  ["", "timeout expired", "does not answer in time"],
  ["", "Query read timeout", "does not answer in time"],
  ["EHOSTUNREACH", "", "There is no route to PostgreSQL at db.example:5433"],
  ["ECONNRESET", "", "is not PostgreSQL"],
  ["", "Connection terminated unexpectedly", "is not PostgreSQL"],
  ["", "received invalid response: 48", "is not PostgreSQL"],
  ["3F000", "", "no schema to use in database"],
  ["", "The server does not support SSL connections", "does not speak TLS"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "", "is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"],
  ["CERT_HAS_EXPIRED", "", "is not trusted (CERT_HAS_EXPIRED)"],
  ["", "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", "has none"],
  ["XX000", "", "can't be reached or refuses the connection (XX000)"],
])("%s %s says what to do, without the password", (code, message, sentence) => {
  const text = describeConnectionFailure(failure(code, message), url);
  expect(text).toContain(sentence);
  expect(text).not.toContain("do-not-show");
});

test("what is no error at all is no reason to fail", () => {
  expect(describeConnectionFailure(undefined, url)).toContain("(no code)");
});

test("a socket is named by its folder", () => {
  const socket = "postgresql://app@%2Fvar%2Frun%2Fpg/orders";
  expect(describeConnectionFailure(failure("ENOENT", ""), socket)).toContain("no socket in /var/run/pg:");
});

test.each([
  ["", "is not a URL"],
  ["do-not-show", "is not a URL"],
  ["host=do-not-show user=x", "is not a URL"],
  ["postgresql://app:do-not/show@h/d", "each of : / ? # [ ] @ % is written as %XX"],
  ["postgresql://app:do-not#show@h/d", "each of : / ? # [ ] @ % is written as %XX"],
  ["postgresql://app:do-not-show@h:99999/d", "a port is at most 65535"],
  ["jdbc:postgresql://h/do-not-show", "is a JDBC URL"],
  ["mysql://app:do-not-show@h/d", "names MySQL"],
  ["mongodb+srv://app:do-not-show@h/d", "names MongoDB"],
  ["redis://app:do-not-show@h/0", "names another kind of server"],
  ["localhost:5432/do-not-show", "names another kind of server"],
])("%s is refused before anything is connected, and not shown", (value, sentence) => {
  expect(databaseUrlFault(value)).toContain(sentence);
  expect(databaseUrlFault(value)).not.toContain("do-not");
});

test.each([url, "postgres://h/d", "postgresql:///d?host=/tmp"])("%s can be connected to", (value) => {
  expect(databaseUrlFault(value)).toBeUndefined();
});

test.each([
  ["28P01", "password authentication failed", "wrong_password"],
  ["28000", "role may not log in", "refused"],
  ["28000", 'no pg_hba.conf entry for host "10.0.0.1", no encryption', "tls"],
  ["3D000", "", "unknown_database"],
  ["08P01", "no such database: orders", "unknown_database"],
  ["08P01", 'server login failed: FATAL database "orders" does not exist', "unknown_database"],
  ["08P01", "SASL authentication failed", "wrong_password"],
  ["42501", "", "refused"],
  ["55000", "", "refused"],
  ["53300", "", "too_many_connections"],
  ["57P01", "", "starting"],
  ["57P02", "", "starting"],
  ["57P03", "", "starting"],
  ["ECONNREFUSED", "", "unreachable"],
  ["ECONNRESET", "", "unreachable"],
  ["", "Connection terminated unexpectedly", "unreachable"],
  ["", "received invalid response: 48", "not_postgres"],
  ["", "The server does not support SSL connections", "tls"],
  ["CERT_HAS_EXPIRED", "", "tls"],
  ["EPROTO", "", "tls"],
  ["", "SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match", "wrong_password"],
  ["XX000", "", "unreachable"],
] as const)("%s %s is of the kind that findings are chosen by", (code, message, kind) => {
  expect(connectionFailure(failure(code, message))).toMatchObject({ kind, code: code || null });
});

test.each(["57P01", "57P02", "57P03"])("%s: the sentence says what the kind does", (code) => {
  expect(describeConnectionFailure(failure(code, ""), url)).toContain("is starting or stopping");
});
