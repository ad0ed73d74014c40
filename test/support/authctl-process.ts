import { readFileSync } from "node:fs";
import { spawnSupervised, type TestStack } from "@libs/dev-stack";

const mainFile = Bun.fileURLToPath(new URL("../../apps/authctl/src/main.ts", import.meta.url));
const SAMPLE_EVERY_MS = 50;
const running = new Set<AuthctlProcess>();

/** A line of `--json`. */
export type AuthctlRecord = { type: string } & Record<string, unknown>;

/** A real `authctl` process, as an operator would start it, with `--json`. */
export class AuthctlProcess {
  /** The last record of each type. */
  readonly last = new Map<string, AuthctlRecord>();
  /** Peak of its resident memory so far, where /proc says it. */
  peakMiB = Number.NaN;
  errors = "";
  readonly #drained: Promise<unknown>;

  private constructor(
    private readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    private readonly onRecord: (record: AuthctlRecord) => void,
  ) {
    const timer = setInterval(() => this.#sampleMemory(), SAMPLE_EVERY_MS);
    running.add(this);
    this.#drained = Promise.all([this.#readRecords(), this.#readErrors()]).finally(() => {
      clearInterval(timer);
      running.delete(this);
    });
  }

  static start(
    env: Record<string, string>,
    args: readonly string[],
    onRecord: (record: AuthctlRecord) => void = () => {},
  ): AuthctlProcess {
    const { PATH, HOME } = process.env;
    const child = spawnSupervised([process.execPath, mainFile, ...args, "--json"], {
      env: { PATH, HOME, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return new AuthctlProcess(child, onRecord);
  }

  /** Ends with the process, once all of its output is read. */
  get exited(): Promise<number> {
    return this.#drained.then(() => this.child.exited);
  }

  /** CPU time, once it has ended. */
  get cpuMs(): number {
    return Number(this.child.resourceUsage()?.cpuTime.total ?? Number.NaN) / 1000;
  }

  get residentMiB(): number {
    return this.#memory("VmRSS");
  }

  /** @returns whether it was still running */
  async kill(): Promise<boolean> {
    this.child.kill("SIGKILL");
    await this.exited;
    return this.child.signalCode === "SIGKILL";
  }

  /** Waits for the end of a command that is to succeed. @returns its last record of type `result` */
  async result<T = AuthctlRecord>(): Promise<T> {
    const code = await this.exited;
    const result = this.last.get("result");
    if (!result) throw new Error(`authctl ended with ${code}: ${this.errors}`);
    return result as T;
  }

  async #readRecords(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((text) => text.startsWith("{"))) {
        const record = JSON.parse(line) as AuthctlRecord;
        this.last.set(record.type, record);
        this.onRecord(record);
      }
    }
  }

  async #readErrors(): Promise<void> {
    for await (const chunk of this.child.stderr) this.errors += Buffer.from(chunk).toString();
  }

  #sampleMemory(): void {
    const peak = this.#memory("VmHWM");
    if (!Number.isNaN(peak)) this.peakMiB = peak;
  }

  #memory(field: "VmHWM" | "VmRSS"): number {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
      return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
    } catch {
      return Number.NaN;
    }
  }
}

/** Ends every process that a failed test left running. */
export async function stopAuthctl(): Promise<void> {
  await Promise.all([...running].map((authctl) => authctl.kill()));
}

/** The variables of `authctl` on a stack. */
export function authctlEnv(
  stack: Pick<TestStack, "databaseUrl" | "keycloakUrl" | "realm" | "clientId" | "clientSecret">,
): Record<string, string> {
  return {
    DATABASE_URL: stack.databaseUrl,
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_CLIENT_ID: stack.clientId,
    KEYCLOAK_CLIENT_SECRET: stack.clientSecret,
  };
}
