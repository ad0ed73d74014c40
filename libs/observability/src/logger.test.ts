import { expect, test } from "bun:test";
import { createLogger } from "./logger.ts";
import { requestContext } from "./request-context.ts";

const secret = "correct horse battery staple";

function logging(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ destination: { write: (line) => lines.push(line) } }));
  return lines.join("");
}

test.each([
  ["at the top", { password: secret }],
  ["one level down", { body: { password: secret } }],
  ["far down", { a: { b: { c: { refresh_token: secret } } } }],
  ["deeper than a line goes", { a: { b: { c: { d: { e: { f: { token: secret } } } } } } }],
  ["in a list", { calls: [{ authorization: secret }] }],
  ["as a list", { cookie: [secret] }],
  ["in an error's own field", { failure: Object.assign(new Error("no"), { detail: `Key (name)=(${secret})` }) }],
  ["in an error's message", { err: new Error(secret), other: new Error(secret) }],
  ["in what a value makes of itself", { call: { toJSON: () => ({ authorization: secret }) } }],
  ["beside an error", { err: new Error("no"), body: { otp: secret } }],
])("a secret is censored %s", (_, fields) => {
  const before = JSON.stringify(fields);
  const line = logging((logger) => logger.info(fields, "event"));
  expect(line).not.toContain(secret);
  expect(JSON.parse(line)).toMatchObject({ level: "info", msg: "event" });
  expect(JSON.stringify(fields)).toBe(before);
});

test("a secret is censored in the fields of a child", () => {
  const line = logging((logger) => logger.child({ token: secret }).warn({ call: { secret } }, "event"));
  expect(line).not.toContain(secret);
  expect(JSON.parse(line)).toMatchObject({ token: "[redacted]", call: { secret: "[redacted]" } });
});

test("what is no secret is written as it is", () => {
  const at = new Date(0);
  const fields = { count: 3, at, none: null, list: [1, "two"], nested: { name: "Ada", tokens: 5 } };
  expect(JSON.parse(logging((logger) => logger.info(fields, "event")))).toMatchObject({
    ...fields,
    at: at.toISOString(),
  });
});

test("a line of a request has its id", () => {
  const line = logging((logger) => requestContext.run({ requestId: "r-1" }, () => logger.info("event")));
  expect(JSON.parse(line).requestId).toBe("r-1");
});

test.each<[string, Error, boolean]>([
  ["a connection that is refused", Object.assign(new Error(secret), { code: "ECONNREFUSED" }), false],
  ["PostgreSQL's own", Object.assign(new Error(secret), { code: "28P01", severity: "FATAL" }), false],
  ["one that says so", Object.assign(new Error(secret), { causeKnown: true, internal: "why" }), false],
  ["a code of five letters", Object.assign(new Error(secret), { code: "OTHER" }), true],
  ["a bug", new TypeError(secret), true],
])("an error's stack is logged only where its cause is not known: %s", (_, err, hasStack) => {
  const line = JSON.parse(logging((logger) => logger.error({ err }, "event")));
  expect("stack" in line.err).toBe(hasStack);
});
