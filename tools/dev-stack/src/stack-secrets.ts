import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { givenSecret } from "./given-secret.ts";

/** Secrets of the application on a stack. */
export interface StackSecrets {
  clientSecret: string;
  /** In the form of `TOKEN_ENCRYPTION_KEYS`. */
  tokenEncryptionKeys: string;
  metricsToken: string;
}

export function newSecrets(): StackSecrets {
  return {
    clientSecret: randomBytes(32).toString("base64url"),
    tokenEncryptionKeys: `dev:${randomBytes(32).toString("base64")}`,
    metricsToken: randomBytes(16).toString("base64url"),
  };
}

/**
 * The secrets kept in `file`, made when there are none: tokens stored by one start must be readable at the next. What
 * the environment gives goes first.
 * @throws StackError for a secret's file that can't be used
 */
export function keptSecrets(file: string, env: Record<string, string | undefined> = process.env): StackSecrets {
  const kept = read(file) ?? newSecrets();
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  return {
    clientSecret: givenSecret("KEYCLOAK_CLIENT_SECRET", env) || kept.clientSecret,
    tokenEncryptionKeys: givenSecret("TOKEN_ENCRYPTION_KEYS", env) || kept.tokenEncryptionKeys,
    metricsToken: givenSecret("METRICS_TOKEN", env) || kept.metricsToken,
  };
}

function read(file: string): StackSecrets | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as StackSecrets;
  } catch {
    return undefined;
  }
}
