import { spawnSupervised } from "@libs/dev-stack";

const script = Bun.fileURLToPath(new URL("./login-flood-runner.ts", import.meta.url));

/** Callers that log in again and again, each as soon as it has its answer, or half a second after a refusal. */
export interface Flood {
  url: string;
  callers: number;
  durationMs: number;
  /** Taken in turn. */
  logins: { username: string; password: string }[];
}

export interface FloodAnswer {
  status: number;
  /** Of a refusal. */
  code: string;
  hasRetryAfter: boolean;
  ms: number;
}

/** Runs it in a process of its own. */
export async function floodLogins(flood: Flood): Promise<FloodAnswer[]> {
  const { PATH, HOME } = process.env;
  const child = spawnSupervised([process.execPath, script, JSON.stringify(flood)], {
    // Bun's own limit is 256.
    env: { PATH, HOME, BUN_CONFIG_MAX_HTTP_REQUESTS: String(flood.callers + 10) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (code !== 0) throw new Error(`the flood ended with ${code}`);
  return JSON.parse(text) as FloodAnswer[];
}
