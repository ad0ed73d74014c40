import type { Logger } from "../logger.ts";
import { RECHECK_MS, type SecretFile } from "./secret-file.ts";

/**
 * Reads the files every second, so that a change is logged when it happens and not at the next use.
 * @param files such as `secretFilesOf` of `@libs/http` returns
 * @param logger says which variable changed, never a value
 * @returns stops it
 * @example
 * ```ts
 * import { createLogger } from "@libs/observability";
 * import { SecretFile, watchSecretFiles } from "@libs/observability/secrets";
 *
 * const file = new SecretFile({ variable: "API_KEY", path: "/run/secrets/api-key" });
 * const stop = watchSecretFiles([file], createLogger());
 * stop();
 * ```
 */
export function watchSecretFiles(files: readonly SecretFile[], logger: Logger): () => void {
  if (files.length === 0) return () => {};
  for (const file of files) {
    file.events = {
      taken: (variable) => logger.info({ variable }, "a secret was re-read from its file"),
      refused: (variable, rule) =>
        logger.error({ variable, rule }, "a secret's file can't be used: its last good value stays in use"),
    };
  }
  const timer = setInterval(() => {
    for (const file of files) file.check();
  }, RECHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
