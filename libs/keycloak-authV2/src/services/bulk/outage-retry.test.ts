import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { OutagePatience, UnreadableError } from "./outage-patience.ts";

const timeout = async () => {
  throw new AuthError("keycloak.timeout");
};

/** Each try takes longer than an outage is waited for, as a call does that times out. */
function patient() {
  const waited: (string | null)[] = [];
  const patience = new OutagePatience({ outageMs: 0, firstDelayMs: 1, onWaiting: (code) => void waited.push(code) });
  return { patience, waited };
}

test("one call that takes all the time is no outage while others are answered", async () => {
  const { patience, waited } = patient();
  let tries = 0;
  const slow = () => {
    tries += 1;
    return timeout();
  };
  await expect(patience.run(slow, async () => {})).rejects.toBeInstanceOf(UnreadableError);
  // Once would be too little: it may have been a pause of Keycloak's.
  expect(tries).toBe(2);
  expect(waited).toEqual(["keycloak.timeout", "keycloak.timeout", null]);
});

test("it is answered the second time: that is the answer", async () => {
  const { patience } = patient();
  let tries = 0;
  const slowOnce = async () => {
    tries += 1;
    return tries === 1 ? await timeout() : "answer";
  };
  expect(await patience.run(slowOnce, async () => {})).toBe("answer");
});

test("nobody is answered: an outage", async () => {
  const { patience } = patient();
  await expect(patience.run(timeout, timeout)).rejects.toMatchObject({ code: "bulk.outage" });
  await expect(patience.run(timeout)).rejects.toMatchObject({ code: "bulk.outage" });
});
