// Requests that no well-behaved client sends, over sockets, to the real services: what a filter in front lets pass must be
// what is answered, and a body that can't be read as it was meant is never taken.
import { beforeAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { badHosts, notThere, requestHead, sendRaw, there } from "@libs/http/testing";
import type { ProblemBody } from "./support/auth-client.ts";
import type { Person } from "./support/person.ts";
import { type Caller, useShop } from "./support/shop.ts";

const shop = useShop();
let ada: Caller;
beforeAll(async () => {
  ada = await shop.customer();
});

const services = ["gateway", "orders"] as const;
const code = (body: string) => (JSON.parse(body) as ProblemBody).code;

describe.each(services)("%s: the path that is routed is the one that was requested", (service) => {
  test.each(notThere("/health/ready"))("not there: $name", async (odd) => {
    const answer = await sendRaw(shop[service].url, requestHead("GET", odd));
    expect(`${answer.status} ${code(answer.body)}`).toBe("404 request.not_found");
    expect((await sendRaw(shop[service].url, requestHead("HEAD", odd))).status).toBe(404);
  });

  test.each(there("/health/ready"))("there: $name", async (odd) => {
    expect((await sendRaw(shop[service].url, requestHead("GET", odd))).status).toBe(200);
  });

  test.each(badHosts)("the host %p is none", async (host) => {
    const answer = await sendRaw(shop[service].url, requestHead("GET", { target: "/health/ready", host }));
    expect(`${answer.status} ${code(answer.body)}`).toBe("400 request.target_invalid");
  });
});

test.each(["a", "gw", "abc", "gateway.example"])("a path by another method is 405 at the host %p", async (host) => {
  const answer = await sendRaw(shop.gateway.url, requestHead("HEAD", { target: "/auth/login", host }));
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
});

test("guarded routes are guarded behind a short host as well", async () => {
  const get = (target: string) => sendRaw(shop.orders.url, requestHead("GET", { target, host: "gw" }));
  expect(`${(await get("/x/orders")).status} ${(await get("/orders")).status}`).toBe("404 401");
});

const login = ({ username, password }: Person) => JSON.stringify({ username, password });

/** A login as bytes. @param head what stands in it beside the usual */
async function logIn(head: string[], body: Uint8Array | string, version = "HTTP/1.1") {
  const start = requestHead("POST", { target: "/auth/login", host: "gw" }, "content-type: application/json", ...head);
  const bytes = Buffer.concat([Buffer.from(start.replace("HTTP/1.1", version)), Buffer.from(body)]);
  const answer = await sendRaw(shop.gateway.url, bytes);
  expect(answer.body).not.toContain(ada.person.password);
  return answer;
}

describe("encoded bodies", () => {
  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
    ["x-unknown", Buffer.from],
    ["identity, gzip", gzipSync],
    // In clear, with the right password: it was said to be something else.
    ["gzip", Buffer.from],
  ] as [string, (text: string) => Uint8Array][])("%s is 415, and says what is taken", async (encoding, encode) => {
    const body = encode(login(ada.person));
    const answer = await logIn([`content-encoding: ${encoding}`, `content-length: ${body.byteLength}`], body);
    expect(`${answer.status} ${code(answer.body)}`).toBe("415 input.unsupported_encoding");
    expect(answer.headers.get("accept-encoding")).toBe("identity");
    const headers = { "content-encoding": encoding };
    const cart = await ada.call(shop.orders.url, "POST", "/carts", { currency: "EUR" }, headers);
    expect(`${cart.status} ${cart.body.code}`).toBe("415 input.unsupported_encoding");
  });

  test("it is refused before the body is there", async () => {
    const answer = await logIn(["content-encoding: gzip", "content-length: 1000"], "");
    expect(answer.status).toBe(415);
  });

  test("identity is no encoding", async () => {
    const body = login(ada.person);
    expect((await logIn(["content-encoding: identity", `content-length: ${body.length}`], body)).status).toBe(200);
  });

  test("what is encoded and does not say so is no JSON", async () => {
    const body = gzipSync(login(ada.person));
    const answer = await logIn([`content-length: ${body.byteLength}`], body);
    expect(`${answer.status} ${code(answer.body)}`).toBe("400 input.malformed");
  });
});

describe("transfer encodings", () => {
  const chunk = () => `${login(ada.person).length.toString(16)}\r\n${login(ada.person)}\r\n0\r\n\r\n`;
  const next = "GET /health/live HTTP/1.1\r\nhost: gw\r\n\r\n";

  test.each(["chunked", "CHUNKED"])("%s is read", async (coding) => {
    expect((await logIn([`transfer-encoding: ${coding}`], chunk())).status).toBe(200);
  });

  test.each([
    ["chunked and a length", ["transfer-encoding: chunked", "content-length: 4"]],
    ["compressed and chunked", ["transfer-encoding: gzip, chunked"]],
    ["compressed alone", ["transfer-encoding: gzip"]],
    ["identity", ["transfer-encoding: identity"]],
    ["chunked, then something else", ["transfer-encoding: chunked, identity"]],
    ["something like chunked", ["transfer-encoding: xchunked"]],
    ["two lines", ["transfer-encoding: chunked", "transfer-encoding: gzip"]],
    ["two lines, the other way round", ["transfer-encoding: gzip", "transfer-encoding: chunked"]],
    ["a blank before the colon", ["transfer-encoding : chunked"]],
    ["two lengths", ["content-length: 4", "content-length: 5"]],
    ["a list of lengths", ["content-length: 4, 4"]],
    ["a sign before the length", ["content-length: +4"]],
    ["no number", ["content-length: 0x4"]],
  ])("%s: refused, and what follows is not read as a request", async (_, head) => {
    const answer = await logIn(head, chunk() + next);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain("HTTP/1.1");
  });

  test("chunked in HTTP/1.0", async () => {
    expect((await logIn(["transfer-encoding: chunked"], chunk(), "HTTP/1.0")).status).toBe(400);
  });
});
