import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { OutageRetry, UnreadableError } from "./outage-retry.ts";

const timeout = async () => {
  throw new AuthError("keycloak.timeout");
};

/** Each try takes longer than an outage is waited for, as a call does that times out. */
function newRetry() {
  const waited: (string | null)[] = [];
  const retry = new OutageRetry({ outageMs: 0, firstDelayMs: 1, onWaiting: (code) => void waited.push(code) });
  return { retry, waited };
}

test("one call that takes all the time is no outage while others are answered", async () => {
  const { retry, waited } = newRetry();
  let tries = 0;
  const slow = () => {
    tries += 1;
    return timeout();
  };
  await expect(retry.run(slow, async () => {})).rejects.toBeInstanceOf(UnreadableError);
  // Once would be too little: it may have been a pause of Keycloak's.
  expect(tries).toBe(2);
  expect(waited).toEqual(["keycloak.timeout", "keycloak.timeout", null]);
});

test("it is answered the second time: that is the answer", async () => {
  const { retry } = newRetry();
  let tries = 0;
  const slowOnce = async () => {
    tries += 1;
    return tries === 1 ? await timeout() : "answer";
  };
  expect(await retry.run(slowOnce, async () => {})).toBe("answer");
});

test("nobody is answered: an outage", async () => {
  const { retry } = newRetry();
  await expect(retry.run(timeout, timeout)).rejects.toMatchObject({ code: "bulk.outage" });
  await expect(retry.run(timeout)).rejects.toMatchObject({ code: "bulk.outage" });
});
