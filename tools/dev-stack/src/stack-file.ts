import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { STACK_FILE } from "./base/paths.ts";
import { isAlive } from "./machine/process-identity.ts";

const pid = z.number().int().optional();

/** `.dev/stack.json`: the running stack, for tests, benchmarks and tools. Holds secrets of this machine's stack. */
export const stackFileSchema = z.object({
  /** Empty under `bun run stack`, which starts no gateway. */
  gatewayUrl: z.string(),
  keycloakUrl: z.string(),
  managementUrl: z.string(),
  realm: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  keycloakAdmin: z.object({ username: z.string(), password: z.string() }),
  databaseUrl: z.string(),
  /** Where servers were given, and a pooler is one of them. */
  databaseDirectUrl: z.string().optional(),
  /** Absent where the servers were given. */
  versions: z.object({ keycloak: z.string(), postgres: z.string() }).optional(),
  pids: z.object({ gateway: pid, keycloak: pid, postgres: pid }),
  /** For further replicas of the gateway, which must read each other's rows. */
  tokenEncryptionKeys: z.string(),
  /** Guards `/metrics` of the gateway. */
  metricsToken: z.string(),
  /** The command that keeps the stack; without it the file is a leftover. */
  owner: z.object({ pid: z.number(), startedAt: z.string() }),
});

export type StackFile = z.infer<typeof stackFileSchema>;

/** Writes the file at once and complete, readable by its owner only. */
export function writeStackFile(stack: StackFile, file = STACK_FILE): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeStackFile(file = STACK_FILE): void {
  rmSync(file, { force: true });
}

/** The running stack, or undefined when there is none or its owner is dead. */
export function readStackFile(file = STACK_FILE): StackFile | undefined {
  try {
    const stack = stackFileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return isAlive(stack.owner) ? stack : undefined;
  } catch {
    return undefined;
  }
}
