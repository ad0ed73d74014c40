import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { bodyLimitBytes, nestingLimit } from "@libs/http";
import { expectProblem } from "@libs/http/testing";
import { type StubGateway, stubGateway } from "../testing/stub-gateway.ts";

// Whatever comes in, on every route: refused with a code and, where it has one, the path; never a 5xx, never the value.

const secret = "s3cret-Value-9Zq";
const json = { "content-type": "application/json" };
const valid: Record<string, Record<string, unknown>> = {
  "/auth/register": {
    username: "ada",
    email: "ada@example.com",
    password: secret,
    firstName: "Ada",
    lastName: "Lovelace",
  },
  "/auth/login": { username: "ada", password: secret },
  "/auth/refresh": { sessionId: "session-1", refreshToken: secret },
  "/auth/logout": { sessionId: "session-1", refreshToken: secret },
};

let gateway: StubGateway;

beforeAll(() => {
  gateway = stubGateway();
});
beforeEach(() => {
  gateway.calls.length = 0;
});
afterAll(() => gateway.stop());

/** A body without a length, in several chunks. */
function chunked(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + 4096));
      at += 4096;
    },
  });
}

/** A body that ends only when the server has answered: who reads it to its end never answers. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
  });
}

for (const [route, body] of Object.entries(valid)) {
  describe(route, () => {
    const text = JSON.stringify(body);
    const huge = JSON.stringify({ ...body, filler: "x".repeat(bodyLimitBytes) });
    const bytes = (before: string, middle: number[], after: string) =>
      Buffer.concat([Buffer.from(before), Buffer.from(middle), Buffer.from(after)]);

    test("takes JSON, with or without a length", async () => {
      expect((await gateway.post(route, text)).status).toBeLessThan(300);
      expect((await gateway.post(route, chunked(text))).status).toBeLessThan(300);
      expect((await gateway.post(route, text, { "content-type": "application/json; charset=utf-8" })).ok).toBeTrue();
    });

    test.each([
      ["half of it", text.slice(0, -1)],
      ["a trailing comma", text.replace(/}$/, ",}")],
      ["NUL between the tokens", `\0${text}`],
      ["plain text", secret],
      ["invalid UTF-8", bytes(`{"x":"${secret}`, [0xc3, 0x28], '"}')],
      ["UTF-16", Buffer.from(text, "utf16le")],
    ])("malformed: %s", async (_, malformed) => {
      await expectProblem(await gateway.post(route, malformed), "input.malformed", secret);
      expect(gateway.calls).toEqual([]);
    });

    test.each([
      ["nothing", null],
      ["an empty text", ""],
      ["null", "null"],
      ["a list", `[${text}]`],
      ["a string", JSON.stringify(secret)],
      ["a number", "1"],
      ["an empty object", "{}"],
    ])("not the object asked for: %s", async (_, wrong) => {
      const problem = await expectProblem(await gateway.post(route, wrong), "input.invalid", secret);
      expect(problem.errors?.length).toBeGreaterThan(0);
      expect(gateway.calls).toEqual([]);
    });

    test("an unknown key", async () => {
      const response = await gateway.post(route, JSON.stringify({ ...body, isAdmin: secret }));
      const problem = await expectProblem(response, "input.invalid", secret);
      expect(problem.errors).toBeDefined();
    });

    test("__proto__ as a key is unknown as well", async () => {
      const response = await gateway.post(route, text.replace("{", '{"__proto__":{"isAdmin":true},'));
      await expectProblem(response, "input.invalid", secret);
    });

    test.each(Object.keys(body))("%s of another type, NUL in it, empty, or too long", async (field) => {
      const wrongs = [1, null, true, [secret], { [secret]: secret }, `${secret}\0`, "", "x".repeat(9000)];
      for (const wrong of wrongs) {
        const response = await gateway.post(route, JSON.stringify({ ...body, [field]: wrong }));
        const problem = await expectProblem(response, "input.invalid", secret, "xxxxxxxx");
        expect(problem.errors?.map(({ path }) => path)).toContain(field);
      }
      expect(gateway.calls).toEqual([]);
    });

    test("more than 16 KiB, announced or not", async () => {
      await expectProblem(await gateway.post(route, huge), "input.too_large", secret);
      await expectProblem(await gateway.post(route, chunked(huge)), "input.too_large", secret);
      expect(gateway.calls).toEqual([]);
    });

    test("exactly 16 KiB is read", async () => {
      const padded = text + " ".repeat(bodyLimitBytes - text.length);
      expect((await gateway.post(route, padded)).ok).toBeTrue();
    });

    test.each([
      ["text/plain", text],
      ["application/x-www-form-urlencoded", `username=ada&password=${secret}`],
      ["multipart/form-data; boundary=x", `--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n${secret}\r\n--x--`],
      ["application/xml", `<a>${secret}</a>`],
      ["application/octet-stream", text],
      ["", text],
    ])("the content type %p", async (type, content) => {
      const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
      const response = await gateway.post(route, Buffer.from(content), headers);
      await expectProblem(response, "input.unsupported_media_type", secret);
      expect(gateway.calls).toEqual([]);
    });

    test.each([
      ["gzip", gzipSync(text)],
      ["deflate", deflateSync(text)],
      ["br", brotliCompressSync(text)],
      ["zstd", zstdCompressSync(text)],
      ["x-unknown", Buffer.from(text)],
      ["GZIP", gzipSync(text)],
      ["identity, gzip", gzipSync(text)],
      // What it says counts, not what came.
      ["gzip", Buffer.from(text)],
      ["gzip", null],
    ])("the content encoding %p is refused unread", async (encoding, content) => {
      const headers = { ...json, "content-encoding": encoding };
      const response = await gateway.post(route, content, headers);
      await expectProblem(response, "input.unsupported_encoding", secret);
      expect(response.headers.get("accept-encoding")).toBe("identity");
      const huge = await gateway.post(route, endless(), headers);
      await expectProblem(huge, "input.unsupported_encoding", secret);
      expect(gateway.calls).toEqual([]);
    });

    test.each(["identity", "Identity", "identity, identity", " "])("%p is no encoding", async (encoding) => {
      const headers = { ...json, "content-encoding": encoding };
      expect((await gateway.post(route, text, headers)).status).toBeLessThan(300);
    });

    test.each(["GET", "PUT", "PATCH", "DELETE"])("%s is not allowed", async (method) => {
      const body = method === "GET" ? {} : { body: text, headers: json };
      const response = await fetch(gateway.url + route, { method, ...body });
      await expectProblem(response, "request.method_not_allowed", secret);
      expect(response.headers.get("allow")).toBe("POST");
      expect(gateway.calls).toEqual([]);
    });
  });
}

test.each([
  ["lists", "[", "]", 7_500],
  ["objects", '{"a":', "}", 2_500],
])("%s nested without end are refused", async (_, open, close, deepest) => {
  const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
  const register = (depth: number) =>
    gateway.post(
      "/auth/register",
      JSON.stringify(valid["/auth/register"]).replace("{", `{"metadata":{"deep":${nested(depth)}},`),
    );
  // The body and its metadata are two levels more.
  expect((await register(nestingLimit - 2)).status).toBe(201);
  for (const depth of [nestingLimit - 1, 1_000, deepest]) {
    const { errors } = await expectProblem(await register(depth), "input.invalid", secret);
    expect(errors).toEqual([{ path: "", message: "must not nest deeper than 32 levels" }]);
  }
});

test.each(["/", "/auth", "/auth/registers", "/auth/%00", `/${secret}`, "/admin"])(
  "no such address: %s",
  async (path) => {
    for (const method of ["GET", "POST"]) {
      await expectProblem(await fetch(gateway.url + path, { method }), "request.not_found", secret);
    }
  },
);
