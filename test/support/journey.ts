import { afterAll, beforeAll } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./auth-client.ts";
import { GatewayProcess, gatewayEnv } from "./gateway-process.ts";

export interface Journey {
  stack: TestStack;
  /** The file's own database. */
  databaseUrl: string;
  sql: SQL;
  gateway: GatewayProcess;
  client: AuthClient;
}

/** A gateway on the real stack with a database of this file's own, for the whole file. Use inside tests only. */
export function useJourney(overrides: (stack: TestStack) => Record<string, string> = () => ({})): Journey {
  const journey = {} as Journey;
  beforeAll(async () => {
    journey.stack = await useStack();
    const { url } = await journey.stack.createDatabase();
    journey.databaseUrl = url;
    journey.sql = new SQL(url, { max: 2 });
    const env = gatewayEnv({ ...journey.stack, databaseUrl: url }, overrides(journey.stack));
    journey.gateway = await GatewayProcess.start(env);
    journey.client = new AuthClient(journey.gateway.url);
  }, STACK_TIMEOUT_MS);
  afterAll(async () => {
    await journey.gateway?.stop();
    await journey.sql?.close();
  });
  return journey;
}
