import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSupervised } from "@libs/dev-stack";

const ROOT_DIR = join(import.meta.dir, "../..");
const ENTRY = join(ROOT_DIR, "tools/dev-stack/src/cli/bootstrap.ts");

export interface Ended {
  code: number;
  /** Standard output and error. */
  output: string;
}

/** `bun run start` or `stack` as a process, with a state of its own, beside whatever runs in this checkout. */
export class StartCommand {
  output = "";
  readonly #folder: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #read: Promise<unknown>;
  #heard: () => void = () => {};

  /** @param environment beside PATH and HOME: the servers that are given */
  constructor(environment: Record<string, string>, command: "start" | "stack" = "start") {
    const { PATH = "", HOME = "" } = process.env;
    this.#folder = mkdtempSync(join(tmpdir(), "start-"));
    this.#child = spawnSupervised([process.execPath, ENTRY, command], {
      cwd: ROOT_DIR,
      env: { PATH, HOME, STACK_DIR: this.#folder, ...environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#read = Promise.all([this.#collect(this.#child.stdout), this.#collect(this.#child.stderr)]);
  }

  /** Waits until it has written that, or has ended. */
  async written(text: string): Promise<void> {
    while (!this.output.includes(text) && this.#child.exitCode === null) {
      const heard = new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
      await Promise.race([heard, this.#child.exited]);
    }
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<Ended> {
    this.#child.kill("SIGINT");
    return await this.ended();
  }

  async ended(): Promise<Ended> {
    const code = await this.#child.exited;
    await this.#read;
    rmSync(this.#folder, { recursive: true, force: true });
    return { code, output: this.output };
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.output += decoder.decode(bytes, { stream: true });
      this.#heard();
    }
  }
}

/** The environment in which a command is given a stack's servers. */
export function givenServers(
  stack: { keycloakUrl: string; keycloakAdmin: { username: string; password: string } },
  databaseUrl: string,
): Record<string, string> {
  return {
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ADMIN_USERNAME: stack.keycloakAdmin.username,
    KEYCLOAK_ADMIN_PASSWORD: stack.keycloakAdmin.password,
    DATABASE_URL: databaseUrl,
  };
}
