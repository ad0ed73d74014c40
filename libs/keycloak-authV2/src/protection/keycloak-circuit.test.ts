import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { AuthError, type AuthErrorCode, type AuthErrorDetails, catalogue } from "@libs/problems";
import { type CircuitName, KeycloakCircuit } from "./keycloak-circuit.ts";

const start = Date.parse("2030-01-01T00:00:00Z");
let changes: CircuitName[];
let circuit: KeycloakCircuit;
let calls: number;

beforeEach(() => {
  setSystemTime(start);
  changes = [];
  calls = 0;
  circuit = new KeycloakCircuit({ failures: 3, retryMs: 1000 }, { onChange: (state) => changes.push(state) });
});
afterEach(() => {
  setSystemTime();
});

const outcome = (work: () => Promise<unknown>) => circuit.run(work).catch((error: AuthError) => error);
const fail = (code: AuthErrorCode, details: AuthErrorDetails = {}) =>
  outcome(async () => {
    calls++;
    throw new AuthError(code, details);
  });
const succeed = () =>
  outcome(async () => {
    calls++;
    return "answer";
  });
async function open() {
  for (let i = 0; i < 3; i++) await fail(i % 2 ? "keycloak.timeout" : "keycloak.unavailable");
  calls = 0;
}

test("opens after so many outages in a row, and then asks no more", async () => {
  await open();
  expect(circuit.state).toBe("open");
  expect(await succeed()).toMatchObject({ code: "keycloak.unavailable", neverSent: true });
  expect(calls).toBe(0);
});

test.each(["auth.invalid_credentials", "session.refused", "keycloak.misconfigured", "internal.error"] as const)(
  "%s is an answer: it never opens the circuit, and breaks a row of outages",
  async (code) => {
    for (let i = 0; i < 9; i++) await fail(code);
    await fail("keycloak.timeout");
    await fail("keycloak.timeout");
    expect(await fail(code)).toMatchObject({ code });
    await fail("keycloak.timeout");
    await fail("keycloak.timeout");
    expect(circuit.state).toBe("closed");
  },
);

test("after its time one call tries, and the others are refused at once meanwhile", async () => {
  await open();
  setSystemTime(start + 1000);
  const probe = Promise.withResolvers<string>();
  const first = outcome(() => probe.promise);
  expect(circuit.state).toBe("half-open");
  expect(await succeed()).toMatchObject({ code: "keycloak.unavailable", neverSent: true });
  expect(calls).toBe(0);
  probe.resolve("back");
  expect(await first).toBe("back");
  expect(await succeed()).toBe("answer");
  expect(changes).toEqual(["open", "half-open", "closed"]);
});

test("a try that fails opens it again for as long", async () => {
  await open();
  setSystemTime(start + 1000);
  await fail("keycloak.timeout");
  expect(circuit.state).toBe("open");
  setSystemTime(start + 1999);
  await succeed();
  expect(calls).toBe(1);
  setSystemTime(start + 2000);
  expect(await succeed()).toBe("answer");
  expect(circuit.state).toBe("closed");
});

test("a refusal is a good try too", async () => {
  await open();
  setSystemTime(start + 1000);
  expect(await fail("auth.invalid_credentials")).toMatchObject({ code: "auth.invalid_credentials" });
  expect(circuit.state).toBe("closed");
});

test("calls that were lost in an outage say nothing of the time after it", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const lost = Array.from({ length: 9 }, () => outcome(() => promise));
  await Bun.sleep(2);
  circuit.answered();
  reject(new AuthError("keycloak.timeout"));
  for (const error of await Promise.all(lost)) expect(error).toMatchObject({ code: "keycloak.timeout" });
  expect(circuit.state).toBe("closed");
  await open();
  expect(circuit.state).toBe("open");
});

test("an answer that was under way when the circuit opened closes it, and forgets the outages before it", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const slow = outcome(() => promise);
  await open();
  expect(circuit.state).toBe("open");
  resolve("answer");
  expect(await slow).toBe("answer");
  expect(circuit.state).toBe("closed");
  await fail("keycloak.timeout");
  expect(circuit.state).toBe("closed");
  expect(changes).toEqual(["open", "closed"]);
});

test("what an answer says of one call opens nothing, and closes the circuit", async () => {
  for (let i = 0; i < 9; i++) await fail("keycloak.unavailable", { answered: true });
  expect(circuit.state).toBe("closed");
  await open();
  setSystemTime(start + 1000);
  await fail("keycloak.unavailable", { answered: true });
  expect(circuit.state).toBe("closed");
});

describe("a call that its own request cuts short", () => {
  beforeEach(() => {
    circuit = new KeycloakCircuit({ failures: 3, retryMs: 1000, fullWaitMs: 50 });
  });
  const cutShort = () => fail("keycloak.timeout");
  const unanswered = () =>
    outcome(async () => {
      await Bun.sleep(60);
      throw new AuthError("keycloak.timeout");
    });

  test("opens nothing, and ends no row of outages either", async () => {
    for (let i = 0; i < 9; i++) await cutShort();
    expect(circuit.state).toBe("closed");
    await unanswered();
    await cutShort();
    await unanswered();
    await cutShort();
    expect(circuit.state).toBe("closed");
    await unanswered();
    expect(circuit.state).toBe("open");
  });

  test("closes nothing: the next one tries, as late as after a failure", async () => {
    for (let i = 0; i < 3; i++) await fail("keycloak.unavailable");
    setSystemTime(start + 1000);
    await cutShort();
    expect(circuit.state).toBe("open");
    calls = 0;
    await succeed();
    expect(calls).toBe(0);
  });

  test("no connection is an outage however soon it comes", async () => {
    for (let i = 0; i < 3; i++) await fail("keycloak.unavailable", { neverSent: true });
    expect(circuit.state).toBe("open");
  });
});

describe("any order of answers", () => {
  const outages = [
    ["keycloak.unavailable", {}],
    ["keycloak.unavailable", { neverSent: true }],
    ["keycloak.timeout", {}],
  ] as const satisfies [AuthErrorCode, AuthErrorDetails][];
  const isOutage = (code: string) => outages.some(([outage]) => outage === code);
  /** Everything else that a call can end with, and Keycloak's own failures for one person. */
  const answers: [AuthErrorCode, AuthErrorDetails][] = [
    ...(Object.keys(catalogue) as AuthErrorCode[])
      .filter((code) => !isOutage(code))
      .map((code): [AuthErrorCode, AuthErrorDetails] => [code, {}]),
    ["keycloak.unavailable", { answered: true }],
  ];
  const pick = <T>(values: readonly T[]) => values[Math.floor(Math.random() * values.length)] as T;

  test("none but outages opens it, and it takes as many in a row as were set", async () => {
    for (let round = 0; round < 300; round++) {
      circuit = new KeycloakCircuit({ failures: 3, retryMs: 60_000 });
      let inARow = 0;
      for (let call = 0; call < 40 && inARow < 3; call++) {
        const isAway = Math.random() < 0.3;
        const [code, details] = pick(isAway ? outages : answers);
        expect(await fail(code, details)).toMatchObject({ code });
        inARow = isAway ? inARow + 1 : 0;
        expect(circuit.state).toBe(inARow < 3 ? "closed" : "open");
      }
    }
  });
});
