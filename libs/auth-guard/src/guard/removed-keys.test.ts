import { expect, test } from "bun:test";
import type { ChangeChannel } from "@libs/postgres";
import { AuthError } from "@libs/problems";
import { failure } from "@libs/problems/testing";
import { Guard } from "./guard.ts";
import type { GuardTokenVerifier, VerifiedToken } from "./verified-token.ts";

/** A verifier whose keys are the test's. */
class Verifier implements GuardTokenVerifier {
  verified = 0;
  isGood = true;
  keysRemoved: () => void = () => {};
  /** Runs while a token is verified. */
  meanwhile: () => void = () => {};

  onKeysRemoved(listener: () => void): void {
    this.keysRemoved = listener;
  }

  async verify(): Promise<VerifiedToken> {
    const good = this.isGood;
    this.verified += 1;
    await Bun.sleep(0);
    this.meanwhile();
    if (!good) throw new AuthError("token.invalid");
    const times = { issuedAt: new Date(), expiresAt: new Date(Date.now() + 60_000) };
    const profile = { username: "ada", email: null, firstName: null, lastName: null, emailVerified: true };
    return { sub: "u1", sid: "s1", clientId: "gw", ...profile, roles: new Set(), ...times };
  }
}

const channel: ChangeChannel = { isUp: () => true, listen: () => {}, close: async () => {} };

function open() {
  const verifier = new Verifier();
  const repository = {
    findSession: async () => ({ sessionId: "own", userId: "u1", startedAt: new Date() }),
    findUser: async () => ({ storeId: null, organizationId: null, grants: [] }),
    findOrganizationOfStore: async () => null,
  };
  return { verifier, guard: new Guard({ verifier, repository, channel }) };
}

test("what was verified before is verified again when a key is gone", async () => {
  const { verifier, guard } = open();
  await guard.authenticate("Bearer t");
  await guard.authenticate("Bearer t");
  expect(verifier.verified).toBe(1);
  verifier.isGood = false;
  verifier.keysRemoved();
  await failure(Promise.resolve(guard.authenticate("Bearer t")), "token.invalid");
});

test("what is being verified just then is not kept", async () => {
  const { verifier, guard } = open();
  verifier.meanwhile = () => {
    verifier.isGood = false;
    verifier.keysRemoved();
  };
  await guard.authenticate("Bearer t");
  await failure(Promise.resolve(guard.authenticate("Bearer t")), "token.invalid");
});
