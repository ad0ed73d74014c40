import {
  GENEROUS_LIMITS,
  gatewayEnvironment,
  ordersEnvironment,
  spawnSupervised,
  type TestStack,
} from "@libs/dev-stack";

const running = new Set<GatewayProcess>();
const mainFile = (app: string) => Bun.fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url));
export const metricsToken = "metrics-token-of-the-tests";

/** Everything that gateways of this process wrote, for the search for secrets. */
export const gatewayLogs: string[] = [];
/** The metrics of each gateway as they were when it stopped. */
export const gatewayMetrics: string[] = [];

/** A real gateway process on the stack, as an operator would start it. */
export class GatewayProcess {
  #output = "";
  #exited = false;
  readonly #waiters = new Set<() => void>();

  private constructor(private readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">) {
    running.add(this);
    const drained = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
    void Promise.all([child.exited, drained]).then(() => {
      this.#exited = true;
      gatewayLogs.push(this.#output);
      running.delete(this);
      this.#wake();
    });
  }

  url = "";

  /** @param app another service of this workspace, as in `apps/<app>` */
  static async start(env: Record<string, string>, app = "api-gateway"): Promise<GatewayProcess> {
    const gateway = GatewayProcess.spawn(env, app);
    const line = await gateway.logged((entry) => entry.msg === "listening");
    gateway.url = `http://127.0.0.1:${String(line.port)}`;
    return gateway;
  }

  /** Starts the process without waiting for it to listen. */
  static spawn(env: Record<string, string>, app = "api-gateway"): GatewayProcess {
    const { PATH, HOME } = process.env;
    return new GatewayProcess(
      spawnSupervised([process.execPath, mainFile(app)], {
        env: { PATH, HOME, ...env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      }),
    );
  }

  get pid(): number {
    return this.child.pid;
  }

  get output(): string {
    return this.#output;
  }

  get exited(): Promise<number> {
    return this.child.exited;
  }

  /** Waits for a log line. @throws when the process ends before it is written */
  async logged(matches: (entry: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const entry = this.entries().find(matches);
      if (entry) return entry;
      if (this.#exited) throw new Error(`the gateway ended with ${this.child.exitCode}:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  entries(): Record<string, unknown>[] {
    return this.#output.split("\n").flatMap((line) => {
      try {
        return line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : [];
      } catch {
        return [];
      }
    });
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
    return await response.text();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops the process as an orchestrator would. @returns its exit code */
  async stop(): Promise<number> {
    if (this.url && this.child.exitCode === null) gatewayMetrics.push(await this.metrics().catch(() => ""));
    this.child.kill("SIGTERM");
    return await this.child.exited;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#output += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }
}

/** Another database than the stack's has no direct URL of the stack's beside it. */
function withOverrides(env: Record<string, string>, overrides: Record<string, string>): Record<string, string> {
  const { DATABASE_DIRECT_URL, ...others } = env;
  const isOther = "DATABASE_URL_FILE" in overrides || (overrides.DATABASE_URL ?? env.DATABASE_URL) !== env.DATABASE_URL;
  return { ...(isOther || DATABASE_DIRECT_URL === undefined ? others : env), ...overrides };
}

/** The variables of a gateway on a stack, as the tests want it. */
export function gatewayEnv(stack: TestStack, overrides: Record<string, string> = {}): Record<string, string> {
  const env = {
    ...gatewayEnvironment({ ...stack, metricsToken }, 0),
    SHUTDOWN_DELAY_MS: "0",
    TRUSTED_PROXIES: "loopback",
    LOG_LEVEL: "debug",
    // High enough not to stand in the way; the tests of the limits set their own.
    ...GENEROUS_LIMITS,
    LOGIN_FAILURE_PAUSE_MS: "0",
  };
  return withOverrides(env, overrides);
}

/** The variables of the orders service on a stack, as the tests want it. */
export function ordersEnv(stack: TestStack, overrides: Record<string, string> = {}): Record<string, string> {
  const env = { ...ordersEnvironment({ ...stack, metricsToken }, 0), SHUTDOWN_DELAY_MS: "0", LOG_LEVEL: "debug" };
  return withOverrides(env, overrides);
}

/** Stops every gateway that a test left running. */
export async function stopGateways(): Promise<void> {
  await Promise.all([...running].map((gateway) => gateway.stop()));
}
