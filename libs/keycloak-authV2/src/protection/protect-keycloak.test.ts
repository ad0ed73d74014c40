import { expect, test } from "bun:test";
import { Registry, silentLogger } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { InMemoryKeycloak } from "../testing/in-memory-keycloak.ts";
import { protectKeycloak } from "./protect-keycloak.ts";

function protectedKeycloak(concurrency = 8) {
  const { userRepository, tokenClient, eventSource } = new InMemoryKeycloak();
  const registry = new Registry();
  const inner = { userRepository, tokenClient, checkReady: async () => {} };
  const checkReady = () => inner.checkReady();
  const adapters = protectKeycloak(
    { userRepository, tokenClient, eventSource, checkReady, assertRoom: () => {} },
    {
      hashing: { concurrency, queue: 0, waitMs: 0 },
      circuit: { failures: 2, retryMs: 60_000 },
      logger: silentLogger,
    },
    registry,
  );
  const state = async (calls = "other") => {
    const { values = [] } = (await registry.getSingleMetric("keycloak_circuit_state")?.get()) ?? {};
    return values.find(({ labels }) => labels.calls === calls)?.value;
  };
  return { inner, adapters, state };
}

test("refreshes, users and events share one circuit; the readiness check does not open it, but knows of it", async () => {
  const { adapters, inner, state } = protectedKeycloak();
  const away = async () => {
    throw new AuthError("keycloak.unavailable");
  };
  inner.tokenClient.refresh = away;
  inner.userRepository.getUser = away;
  await expect(adapters.checkReady()).resolves.toBeUndefined();
  await expect(adapters.tokenClient.refresh("token")).rejects.toMatchObject({ neverSent: false });
  expect(await state()).toBe(0);
  await expect(adapters.userRepository.getUser("id")).rejects.toMatchObject({ neverSent: false });
  expect(await state()).toBe(2);
  await expect(adapters.userRepository.countUsers()).rejects.toMatchObject({ neverSent: true });
  await expect(adapters.eventSource.readEventsConfig()).rejects.toMatchObject({ neverSent: true });
  await expect(adapters.checkReady()).rejects.toMatchObject({ code: "keycloak.unavailable" });
});

test("who sees ready gets through, though calls that were lost before end while it is asked", async () => {
  const { adapters, inner, state } = protectedKeycloak();
  const { promise, reject } = Promise.withResolvers<never>();
  const { refresh } = inner.tokenClient;
  inner.tokenClient.refresh = () => promise;
  const lost = Array.from({ length: 3 }, () => adapters.tokenClient.refresh("token").catch(() => {}));
  inner.checkReady = async () => {
    reject(new AuthError("keycloak.unavailable"));
    await Promise.all(lost);
    expect(await state()).toBe(2);
  };
  await adapters.checkReady();
  expect(await state()).toBe(0);
  inner.tokenClient.refresh = refresh;
  await expect(adapters.tokenClient.refresh("token")).rejects.toMatchObject({ code: "session.refused" });
});

test("only what hashes a password is bounded", async () => {
  const { adapters, inner } = protectedKeycloak(1);
  const release = Promise.withResolvers<void>();
  inner.tokenClient.passwordGrant = async () => {
    await release.promise;
    throw new AuthError("auth.invalid_credentials");
  };
  const grant = { username: "ada", password: "wrong" };
  const first = adapters.tokenClient.passwordGrant(grant);
  expect(() => adapters.assertRoom()).toThrow(AuthError);
  await expect(adapters.tokenClient.passwordGrant(grant)).rejects.toMatchObject({ code: "service.overloaded" });
  expect(await adapters.userRepository.countUsers()).toBe(0);
  release.resolve();
  await expect(first).rejects.toMatchObject({ code: "auth.invalid_credentials" });
});

const away = async () => {
  throw new AuthError("keycloak.unavailable");
};
const grant = { username: "ada", password: "wrong" };

test("logins that get no answer hold logins back, never a refresh; readiness does not know of it", async () => {
  const { adapters, inner, state } = protectedKeycloak();
  inner.tokenClient.passwordGrant = away;
  for (let i = 0; i < 3; i++) await adapters.tokenClient.passwordGrant(grant).catch(() => {});
  expect([await state("hashing"), await state("other")]).toEqual([2, 0]);
  await expect(adapters.tokenClient.passwordGrant(grant)).rejects.toMatchObject({ neverSent: true });
  await expect(adapters.checkReady()).resolves.toBeUndefined();
  expect(await state("hashing")).toBe(0);
});

test("a refresh that is answered counts for logins too", async () => {
  const { adapters, inner, state } = protectedKeycloak();
  inner.tokenClient.passwordGrant = away;
  for (let i = 0; i < 2; i++) await adapters.tokenClient.passwordGrant(grant).catch(() => {});
  expect(await state("hashing")).toBe(2);
  await expect(adapters.tokenClient.refresh("token")).rejects.toMatchObject({ code: "session.refused" });
  expect(await state("hashing")).toBe(0);
});
