import { afterAll, beforeAll } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { GatewayProcess, gatewayEnv } from "./gateway-process.ts";
import { realmAdmin } from "./realm-admin.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** Recovery in seconds instead of its production times. */
export const quickRecovery = {
  REGISTRATION_RECOVERY_AFTER_MS: "1500",
  REGISTRATION_LOST_CREATE_MS: "8000",
  SWEEP_INTERVAL_MS: "300",
};

export interface Replicas {
  /** The stack, with a realm and a database of this file's own. */
  stack: TestStack;
  sql: SQL;
  admin: KcAdminClient;
  keycloak: TcpProxy;
  postgres: TcpProxy;
  /** Starts a gateway that reaches Keycloak and PostgreSQL through the proxies, or directly. */
  start(through: "proxies" | "directly", overrides?: Record<string, string>): Promise<GatewayProcess>;
}

/** A realm and a database that nobody else writes to, any number of gateways on them, and proxies that simulate failures. */
export function useReplicas(): Replicas {
  const replicas = {} as Replicas;
  let realm: TestRealm | undefined;
  beforeAll(async () => {
    const shared = await useStack();
    realm = await shared.createRealm();
    const { url } = await shared.createDatabase();
    const stack = { ...shared, ...realm, databaseUrl: url };
    const [keycloakUrl, databaseUrl] = [new URL(stack.keycloakUrl), new URL(url)];
    const keycloak = await TcpProxy.to(keycloakUrl.hostname, Number(keycloakUrl.port));
    const postgres = await TcpProxy.to(databaseUrl.hostname, Number(databaseUrl.port));
    Object.assign(keycloakUrl, { hostname: "127.0.0.1", port: String(keycloak.port) });
    Object.assign(databaseUrl, { hostname: "127.0.0.1", port: String(postgres.port) });
    const proxied = { ...stack, keycloakUrl: keycloakUrl.origin, databaseUrl: databaseUrl.href };
    const start: Replicas["start"] = (through, overrides = {}) =>
      GatewayProcess.start(gatewayEnv(through === "proxies" ? proxied : stack, { ...quickRecovery, ...overrides }));
    const sql = new SQL(url, { max: 2 });
    Object.assign(replicas, { stack, sql, admin: await realmAdmin(stack), keycloak, postgres, start });
  }, STACK_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([replicas.keycloak?.stop(), replicas.postgres?.stop()]);
    await replicas.sql?.close();
    await realm?.drop();
  });
  return replicas;
}
