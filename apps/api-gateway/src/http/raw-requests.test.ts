import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { expectProblem } from "@libs/http/testing";
import { createLogger } from "@libs/observability";
import { type StubGateway, stubGateway } from "../testing/stub-gateway.ts";

// What no well-behaved client sends: refused, by the server below us or by us, never with a 5xx.

let gateway: StubGateway;

beforeAll(() => {
  gateway = stubGateway();
});
afterAll(() => gateway.stop());

/** Sends bytes as they are. @returns everything that comes back until the connection closes */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

const json = "content-type: application/json\r\nconnection: close";

test.each([
  [
    "a length that is no number",
    `POST /auth/login HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: abc\r\n\r\n{}`,
    400,
  ],
  [
    "a broken chunk",
    `POST /auth/login HTTP/1.1\r\nhost: x\r\n${json}\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}`,
    400,
  ],
  ["no host", `POST /auth/login HTTP/1.1\r\n${json}\r\ncontent-length: 2\r\n\r\n{}`, 400],
  // RFC 9112 §3.2: a server must answer 400.
  ["a host that is none", `GET /nowhere HTTP/1.1\r\nhost: x y\r\n${json}\r\n\r\n`, 400],
  ["a path that is no path", `GET //evil/..%2f HTTP/1.1\r\nhost: x\r\n${json}\r\n\r\n`, 404],
  ["escapes that are no UTF-8", `GET /auth/%ff%fe?x=%ff HTTP/1.1\r\nhost: x\r\n${json}\r\n\r\n`, 404],
  ["cookies that are none", `GET /health/live HTTP/1.1\r\nhost: x\r\ncookie: a=%ff; b="x\r\n${json}\r\n\r\n`, 200],
  [
    "a length beyond all limits",
    `POST /auth/login HTTP/1.1\r\nhost: x\r\n${json}\r\ncontent-length: 9999999\r\n\r\n{`,
    413,
  ],
])("%s", async (_, request, status) => {
  expect(await send(request)).toStartWith(`HTTP/1.1 ${status} `);
});

test("a failure outside of every handler shows nothing of itself", async () => {
  const secret = "s3cret-Value-9Zq";
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
  const brokenLogger = Object.assign(logger, {
    info: () => {
      throw new Error(secret);
    },
  });
  const broken = stubGateway({ logger: brokenLogger });
  const response = await fetch(`${broken.url}/nowhere`);
  const { requestId } = await expectProblem(response, "internal.error", secret);
  expect(lines.join()).toContain(requestId);
  expect(lines.join()).not.toContain(secret);
  await broken.stop();
});
