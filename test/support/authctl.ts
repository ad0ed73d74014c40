import { type GatewayStack, gatewayEnvironment, spawnSupervised } from "@libs/dev-stack";

const main = Bun.fileURLToPath(new URL("../../apps/authctl/src/main.ts", import.meta.url));

export type AuthctlTarget = Omit<GatewayStack, "metricsToken">;

export interface AuthctlOutcome {
  code: number;
  out: string;
  err: string;
}

function environmentOf(target: AuthctlTarget): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME, ...gatewayEnvironment({ ...target, metricsToken: "" }, 0) };
}

/**
 * Runs `authctl` with nobody at the terminal.
 * @param signalled gets the process, to stop it
 * @param environment beside what the target says
 */
export async function authctl(
  target: AuthctlTarget,
  args: readonly string[],
  signalled?: (child: Bun.Subprocess) => Promise<void>,
  environment: Record<string, string> = {},
): Promise<AuthctlOutcome> {
  const child = spawnSupervised([process.execPath, main, ...args], {
    env: { ...environmentOf(target), ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), signalled?.(child)]);
  return { code: await child.exited, out, err };
}

export interface OnTerminal {
  /** What is typed once something is asked. */
  type?: string;
  environment?: Record<string, string>;
  /** Called with what is written, as it comes. */
  onOutput?: (text: string) => void;
}

/** Of the terminal. */
export const TERMINAL_SIZE = { cols: 110, rows: 40 } as const;

/** Runs `authctl` as a person sees it, on a terminal. */
export async function authctlOnTerminal(
  target: AuthctlTarget,
  args: readonly string[],
  { type, environment = {}, onOutput }: OnTerminal = {},
): Promise<{ code: number; screen: string }> {
  const decoder = new TextDecoder();
  let screen = "";
  let typed = false;
  const child = spawnSupervised([process.execPath, main, ...args], {
    env: { ...environmentOf(target), TERM: "xterm-256color", ...environment },
    terminal: {
      ...TERMINAL_SIZE,
      data(terminal, bytes) {
        const text = decoder.decode(bytes, { stream: true });
        screen += text;
        onOutput?.(text);
        if (type === undefined || typed || !screen.includes("[y/N]")) return;
        typed = true;
        terminal.write(`${type}\r`);
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, screen };
}
