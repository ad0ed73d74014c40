import { spawnSupervised } from "@libs/dev-stack";
import type { SyncCounts } from "@libs/keycloak-authV2/services/bulk";
import type { BulkTarget } from "./bulk-service.ts";

const script = Bun.fileURLToPath(new URL("./bulk-sync-runner.ts", import.meta.url));

/** Users that a process asked Keycloak for. */
export interface AskedFor {
  /** Created from then to then, both included. Milliseconds since the epoch. */
  from: number;
  to: number;
  /** Offset. */
  first: number;
}

export interface BulkEnd {
  state: string;
  counts: SyncCounts;
  resumed: boolean;
}

const running = new Set<BulkProcess>();

/** For `afterEach`: a test that failed leaves no process behind. */
export async function stopBulkProcesses(): Promise<void> {
  await Promise.all([...running].map((run) => run.kill()));
}

/** A process that brings all users over. */
export class BulkProcess {
  readonly asked: AskedFor[] = [];
  /** Set when it came to its end. */
  end: BulkEnd | undefined;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #read: Promise<void>;

  constructor(target: BulkTarget & { pageSize: number }) {
    const { PATH, HOME } = process.env;
    this.#child = spawnSupervised([process.execPath, script, JSON.stringify(target)], {
      env: { PATH, HOME },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#read = this.#readLines();
    running.add(this);
  }

  async exited(): Promise<number> {
    const code = await this.#child.exited;
    await this.#read;
    running.delete(this);
    return code;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited();
  }

  async #readLines(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said = JSON.parse(line) as AskedFor | BulkEnd;
        if ("state" in said) this.end = said;
        else this.asked.push(said);
      }
    }
  }
}
