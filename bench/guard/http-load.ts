import type { Socket } from "bun";
import type { LoadResult } from "../load.ts";

/** What every answer must be. */
const okLine = "HTTP/1.1 200";

/** The bytes of one request; `authorization` goes to guarded and unguarded routes alike. */
export function requestOf(path: string, token: string): Uint8Array {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    "accept: application/json",
    `authorization: Bearer ${token}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

/**
 * Keeps one request under way on each of `connections` connections. Bytes over sockets and nothing else, so that the
 * server is what is measured: `fetch` takes more CPU than the servers do.
 * @param next bytes of the next request
 * @throws Error for any answer but 200, and for answers of differing length
 */
export async function loadHttp(
  port: number,
  next: () => Uint8Array,
  connections: number,
  durationMs: number,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const expected: { length?: number } = {};
  const one = () => connection(port, next, started + durationMs, latencies, expected);
  await Promise.all(Array.from({ length: connections }, one));
  return { calls: latencies.length, seconds: (performance.now() - started) / 1000, latencies };
}

function connection(
  port: number,
  next: () => Uint8Array,
  until: number,
  latencies: number[],
  expected: { length?: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sentAt = 0;
  let received = 0;
  let head = "";
  const send = (socket: Socket) => {
    received = 0;
    head = "";
    sentAt = performance.now();
    const bytes = next();
    if (socket.write(bytes) !== bytes.length) throw new Error("a request did not fit into the socket");
  };
  void Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: send,
      data(socket, bytes) {
        try {
          if (received === 0 || expected.length === undefined) head += bytes.toString("latin1");
          received += bytes.length;
          expected.length ??= lengthOf(head);
          if (expected.length === undefined || received < expected.length) return;
          if (received > expected.length || !head.startsWith(okLine)) throw new Error(`answered ${head.slice(0, 300)}`);
          const now = performance.now();
          latencies.push(now - sentAt);
          if (now < until) return send(socket);
          resolve();
          socket.end();
        } catch (error) {
          reject(error);
          socket.end();
        }
      },
      close: () => reject(new Error(`the server closed the connection: ${head.slice(0, 300)}`)),
      error: (_, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

/** Of a whole answer; undefined while its head is not complete. */
function lengthOf(head: string): number | undefined {
  const end = head.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const body = /^content-length: *(\d+)\r$/im.exec(head.slice(0, end + 2))?.[1];
  if (body === undefined) throw new Error(`no length: ${head.slice(0, 300)}`);
  return end + 4 + Number(body);
}
