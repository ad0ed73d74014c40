import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { percentile } from "../support/percentile.ts";
import { type Combination, nameOf } from "./combinations.ts";
import type { Figure } from "./figures.ts";
import { readJunitReport } from "./junit-report.ts";
import type { Measured } from "./measured.ts";

const ROOT = join(import.meta.dir, "../..");
/** With what a server needs that is fetched, built and started for the first time. */
const LONGEST_MS = 30 * 60_000;

/**
 * Runs the journeys on servers of these versions, started for it.
 * @param folder for logs and the state of the stack: one of its own, so that no running stack is taken
 */
export async function runJourneys(pair: Combination, folder: string): Promise<Measured> {
  mkdirSync(folder, { recursive: true });
  const place = join(folder, `keycloak-${pair.keycloak}-postgres-${pair.postgres}`);
  const files = {
    figures: `${place}.figures`,
    report: `${place}.xml`,
    log: `${place}.log`,
    output: `${place}.out.log`,
  };
  for (const file of Object.values(files)) rmSync(file, { force: true });
  const child = Bun.spawn(
    [process.execPath, "run", "test", ...journeys(), "--reporter=junit", `--reporter-outfile=${files.report}`],
    {
      cwd: ROOT,
      env: { ...process.env, ...environment(pair, folder), MATRIX_FIGURES: files.figures },
      stdin: "ignore",
      // Bun's tests write what matters to standard error.
      stdout: Bun.file(files.output),
      stderr: Bun.file(files.log),
      timeout: LONGEST_MS,
    },
  );
  const code = await child.exited;
  const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const { passed, failed } = readJunitReport(read(files.report)) ?? { passed: 0, failed: [] };
  if (code !== 0 && failed.length === 0) failed.push(`the run of ${nameOf(pair)} itself: see ${files.log}`);
  const figures = read(files.figures)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Figure);
  return { ...pair, day: new Date().toISOString().slice(0, 10), passed, failed, ...summaryOf(figures) };
}

const journeys = () =>
  [...new Glob("journeys/*.ts").scanSync(import.meta.dir)].sort().map((file) => `./test/versions/${file}`);

/** Servers that the environment names are not asked. */
function environment({ keycloak, postgres }: Combination, folder: string): Record<string, string> {
  const none = { KEYCLOAK_HOME: "", KEYCLOAK_URL: "", DATABASE_URL: "" };
  return { ...none, STACK_DIR: folder, KEYCLOAK_VERSION: keycloak, POSTGRES_VERSION: postgres };
}

function summaryOf(figures: readonly Figure[]): Pick<Measured, "loginLimits" | "sync" | "arrivals"> {
  const limits = figures.filter((found) => found.figure === "login_limit");
  const [sync] = figures.filter((found) => found.figure === "users_sync");
  const arrivals = figures.filter((found) => found.figure === "arrival");
  const times = arrivals.map(({ ms }) => ms);
  const [{ mode } = { mode: undefined }] = arrivals;
  return {
    loginLimits: Object.fromEntries(limits.map(({ refusal, counted }) => [refusal, counted])),
    ...(sync && { sync: { users: sync.users, seconds: Math.round(sync.seconds * 10) / 10 } }),
    ...(mode && {
      arrivals: { mode, median: Math.round(percentile(times, 0.5)), longest: Math.round(Math.max(...times)) },
    }),
  };
}
