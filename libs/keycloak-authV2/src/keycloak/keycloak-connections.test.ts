import { afterAll, beforeEach, expect, test } from "bun:test";
import { type ConnectionChoice, KeycloakConnections, mapError, OWN_CONNECTION } from "@libs/auth-guard/keycloak";
import { withDeadline } from "@libs/observability";
import { KeycloakCircuit } from "../protection/keycloak-circuit.ts";

interface State {
  isForgotten: boolean;
}

/** What was sent on connections that are forgotten. */
let lost: number;
let opened: number;
/** Requests that get their answers when there are so many. */
let together = 1;
let asking: Bun.Socket<State>[] = [];
const live = new Set<State>();
const server = Bun.listen<State>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { isForgotten: false };
      live.add(socket.data);
      opened += 1;
    },
    data(socket) {
      if (socket.data.isForgotten) lost += 1;
      else asking.push(socket);
      if (asking.length < together) return;
      for (const one of asking) one.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      asking = [];
    },
    close(socket) {
      live.delete(socket.data);
    },
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  lost = opened = 0;
});

const TIMEOUT_MS = 400;
const call = async (choice: ConnectionChoice) => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return await (await fetch(`http://127.0.0.1:${server.port}/`, { ...choice, signal })).text();
};
const inRequest = <T>(work: () => Promise<T>) => withDeadline("request", 4_500, work, () => new Error("late"));
const outcome = (answer: Promise<string>) => answer.catch((error: Error) => error.name);

/** A pool with as many connections as were used at once, all forgotten by the network. */
async function withForgotten(count: number, now?: () => number): Promise<KeycloakConnections> {
  const connections = new KeycloakConnections(now);
  together = count;
  await Promise.all(Array.from({ length: count }, () => connections.read(call)));
  together = 1;
  for (const connection of live) connection.isForgotten = true;
  expect(opened).toBe(count);
  return connections;
}

test("one call without an answer, and no other is lost on the same pool", async () => {
  const connections = await withForgotten(5);
  expect(await outcome(connections.read(call))).toBe("TimeoutError");
  for (let i = 0; i < 5; i++) expect(await outcome(connections.read(call))).toBe("ok");
  expect(lost).toBe(1);
});

test("in a request, a read is repeated on a fresh connection: nobody gets an error", async () => {
  const connections = await withForgotten(5);
  expect(await inRequest(() => outcome(connections.read(call)))).toBe("ok");
  expect(lost).toBe(1);
});

test("it is repeated once, and not when the request's time is over", async () => {
  const connections = await withForgotten(1);
  let calls = 0;
  const never = () => {
    calls += 1;
    return Promise.reject(new DOMException("", "TimeoutError"));
  };
  expect(await inRequest(() => outcome(connections.read(never)))).toBe("TimeoutError");
  expect(calls).toBe(2);
  const late = () =>
    withDeadline(
      "request",
      200,
      () => outcome(connections.read(never)),
      () => new Error("late"),
    );
  expect(await late()).toBe("TimeoutError");
  expect(calls).toBe(3);
});

test("what can't be repeated is never repeated", async () => {
  const connections = await withForgotten(3);
  expect(await inRequest(() => outcome(connections.once(call)))).toBe("TimeoutError");
  expect(await outcome(connections.once(call))).toBe("ok");
  expect(lost).toBe(1);
});

test("what can't be repeated takes no connection that was not heard within the last second", async () => {
  let now = 0;
  const connections = await withForgotten(3, () => now);
  now += 1_001;
  expect(await outcome(connections.once(call))).toBe("ok");
  expect(lost).toBe(0);
});

test("a connection of its own is none of the pool's", async () => {
  await withForgotten(3);
  expect(await outcome(call(OWN_CONNECTION))).toBe("ok");
  expect(lost).toBe(0);
});

test("a refusal is an answer: it closes nothing, and is not repeated", async () => {
  const connections = new KeycloakConnections();
  await connections.read(call);
  let calls = 0;
  const refused = () => {
    calls += 1;
    return Promise.reject(new Error("404"));
  };
  expect(await inRequest(() => outcome(connections.read(refused)))).toBe("Error");
  expect(calls).toBe(1);
  expect(await outcome(connections.once(call))).toBe("ok");
  expect(opened).toBe(1);
});

test("the call with which an open circuit tries whether Keycloak is back is not lost as well", async () => {
  const connections = await withForgotten(5);
  const circuit = new KeycloakCircuit({ failures: 1, retryMs: 1 });
  const read = () =>
    circuit.run(() =>
      connections.read(call).catch((error) => {
        throw mapError(error, "get_user");
      }),
    );
  await expect(read()).rejects.toMatchObject({ code: "keycloak.timeout" });
  expect(circuit.state).toBe("open");
  await Bun.sleep(2);
  expect(await read()).toBe("ok");
  expect([circuit.state, lost]).toEqual(["closed", 1]);
});
