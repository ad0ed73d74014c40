import { availableParallelism } from "node:os";
import type { Report } from "../base/report.ts";
import { bunTest } from "./bun-test.ts";
import { testInParallel } from "./test-in-parallel.ts";

/**
 * `bun run test [arguments of bun test]`. The whole suite runs in several worker processes, files that are named in one.
 * `TEST_WORKERS` sets how many.
 * @returns the exit code of `bun test`
 */
export function test(args: readonly string[], report: Report): Promise<number> {
  const namesFiles = args.some((arg) => !arg.startsWith("-"));
  const given = Number(process.env["TEST_WORKERS"]);
  const workers = given || (namesFiles ? 1 : availableParallelism());
  return workers > 1 ? testInParallel(args, workers, report) : bunTest(args);
}
