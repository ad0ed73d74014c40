// What older servers lack makes no difference: it is noticed, and done in another way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isAtLeast, useStack } from "@libs/dev-stack";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import { BulkService } from "@libs/keycloak-authV2/services/bulk";
import { keycloakUserRepositoryContract } from "@libs/keycloak-authV2/testing";
import { createMetricsRegistry } from "@libs/observability";
import { AuthClient } from "../../support/auth-client.ts";
import { createBulkService } from "../../support/bulk-service.ts";
import { eventually } from "../../support/eventually.ts";
import { stopGateways } from "../../support/gateway-process.ts";
import { importUsers, manyUsers } from "../../support/many-users.ts";
import { newPerson } from "../../support/person.ts";
import { useReplicas } from "../../support/replicas.ts";
import { arrivalMode, keycloakVersion, onlyBy } from "../arrival-mode.ts";

const LONG_MS = 120_000;
const replicas = useReplicas();
let service: ReturnType<typeof createBulkService>;

beforeAll(() => {
  service = createBulkService(replicas.stack);
});
afterAll(async () => {
  await stopGateways();
  await service?.close();
});

keycloakUserRepositoryContract("Keycloak", async () => {
  const { keycloakUrl: url, realm, clientId, clientSecret } = await useStack();
  const { userRepository: users, tokenClient: tokens } = createKeycloakAdapters({ url, realm, clientId, clientSecret });
  const namesPasswordRule = isAtLeast(await keycloakVersion(replicas.stack), [25, 0]);
  return { users, tokens, namesPasswordRule };
});

test("what the server is found to do is what its version does", async () => {
  const version = await keycloakVersion(replicas.stack);
  const since = (major: number, minor: number) => isAtLeast(version, [major, minor]);
  expect(await service.integration.serverFeatures.current()).toEqual({
    createdFilter: since(26, 6),
    filteredCounts: since(26, 4),
    searchByIds: since(26, 3),
    eventsByTime: since(26, 2),
  });
});

describe("users sync and verify", () => {
  /** More than one page, each of which begins with rows of the page before. */
  const people = manyUsers(450);

  beforeAll(async () => {
    await importUsers(replicas.admin, replicas.stack.realm, people);
  });

  /** The bulk service, of which each page of users is followed by a change in Keycloak. */
  function meddled(change: (page: number) => Promise<unknown>): BulkService {
    let pages = 0;
    const { integration, prisma } = service;
    const userRepository = new Proxy(integration.userRepository, {
      get: (users, name) => {
        if (name !== "searchUsers") {
          const member: unknown = Reflect.get(users, name);
          return typeof member === "function" ? member.bind(users) : member;
        }
        return async (search: Parameters<typeof users.searchUsers>[0]) => {
          const page = await users.searchUsers(search);
          pages += 1;
          await change(pages);
          return page;
        };
      },
    });
    return new BulkService({ ...integration, userRepository }, prisma, createMetricsRegistry());
  }

  test(
    "whoever comes and goes meanwhile hides nobody",
    async () => {
      const { admin, stack, sql } = replicas;
      const gone = people.slice(0, 60);
      const come = manyUsers(60).map((user) => ({ ...user, username: `a-${user.username}` }));
      const { state } = await meddled(async (page) => {
        if (page === 2) for (const { id } of gone) await admin.users.del({ id });
        if (page === 3) await importUsers(admin, stack.realm, come);
      }).sync({ pageSize: 100, concurrency: 1 });
      expect(state).toBe("finished");
      const here = new Set(
        (await sql`SELECT id FROM users WHERE deleted_at IS NULL`).map(({ id }: { id: string }) => id),
      );
      expect(people.slice(60).filter(({ id }) => !here.has(id))).toEqual([]);
      // Who has left since being read is found by Keycloak's events; without them, by the next comparison.
      const { eventsByTime } = await service.integration.serverFeatures.current();
      expect(gone.filter(({ id }) => here.has(id))).toEqual(eventsByTime ? [] : gone);
      await service.bulk.sync({ allowDeletes: !eventsByTime });
      expect((await service.bulk.verify({ settleMs: 0 })).differences).toEqual(inStep);
    },
    LONG_MS,
  );

  test(
    "can be stopped after any page",
    async () => {
      const stop = new AbortController();
      const stopped = meddled(async () => stop.abort());
      const options = { pageSize: 50, concurrency: 1, signal: stop.signal };
      expect((await stopped.verify(options)).state).toBe("interrupted");
    },
    LONG_MS,
  );
});

const inStep = { missing: 0, extra: 0, field: 0, session: 0 };

test(
  "an account that is locked for a while is not taken for a disabled one",
  async () => {
    const { admin, stack, sql, start } = replicas;
    const { userRepository } = service.integration;
    const client = new AuthClient((await start("directly", onlyBy(await arrivalMode(stack)))).url);
    const person = newPerson();
    const id = (await client.register(person)).body.userId;
    const { sessionId } = (await client.login(person)).body;
    const lock = () => admin.attackDetection.findOne({ id });
    await eventually(async () => {
      const login = { grant_type: "password", username: person.username, password: "not the password" };
      const body = new URLSearchParams({ client_id: stack.clientId, client_secret: stack.clientSecret, ...login });
      await fetch(`${stack.issuer}/protocol/openid-connect/token`, { method: "POST", body });
      expect(await lock()).toMatchObject({ disabled: true });
    }, 30_000);

    expect(await userRepository.getUser(id)).toMatchObject({ enabled: true });
    expect(await userRepository.getUsers([id, crypto.randomUUID()])).toMatchObject([{ enabled: true }]);
    await userRepository.updateUser(id, { firstName: "Augusta", enabled: true });
    expect(await lock()).toMatchObject({ disabled: true });
    const row = async () =>
      (
        await sql`
        SELECT first_name, enabled, (SELECT end_reason FROM sessions WHERE session_id = ${sessionId}) AS end_reason
        FROM users WHERE id = ${id}`
      )[0];
    await eventually(async () => expect((await row()).first_name).toBe("Augusta"), 60_000);
    expect(await row()).toMatchObject({ enabled: true, end_reason: null });
  },
  LONG_MS,
);
