import { expect } from "bun:test";
import { eventually } from "./eventually.ts";
import type { GatewayProcess } from "./gateway-process.ts";

export interface Ready {
  status: number;
  body: { status: string; checks: Record<string, string>; problems?: { kind: string; todo: string }[] };
}

/** What the process says of itself. */
export async function readyOf({ url }: GatewayProcess): Promise<Ready> {
  const answer = await fetch(`${url}/health/ready`);
  return { status: answer.status, body: (await answer.json()) as Ready["body"] };
}

export const kindsOf = ({ body }: Ready): string[] => (body.problems ?? []).map(({ kind }) => kind);

/** Without those of the guard's channel and of the change feed, which a wrong configuration can cause as well. */
const configurationKinds = (ready: Ready): string[] => kindsOf(ready).filter((kind) => kind.includes("."));

/** The lines that name a problem of the configuration. */
export const problemLines = (process: GatewayProcess, kind: string) =>
  process.entries().filter(({ problem, msg }) => problem === kind && msg === `configuration: ${kind}`);

/** Asserts that a process which has just begun to listen is not ready, says why, and logs each reason once. */
export async function expectNeverReady(
  process: GatewayProcess,
  kinds: string[],
  secrets: string[] = [],
): Promise<void> {
  const ready = await readyOf(process);
  const named = configurationKinds(ready);
  expect(named.sort(), JSON.stringify(ready)).toEqual([...kinds].sort());
  expect({ status: ready.status, said: ready.body.status }).toEqual({ status: 503, said: "not_ready" });
  expect(ready.body.checks["configuration"]).toBe("failed");
  // It goes on trying, and says nothing twice.
  await process.logged(({ problem }) => problem === kinds[0]);
  for (const kind of kinds) {
    const lines = problemLines(process, kind);
    expect(lines, kind).toHaveLength(1);
    expect(lines[0]).toMatchObject({ problem: kind, reason: expect.any(String), todo: expect.any(String) });
  }
  expect((await readyOf(process)).status).toBe(503);
  expect(process.output).not.toContain('"stack"');
  for (const secret of secrets) expect(process.output).not.toContain(secret);
}

/** Waits until the process is ready without a problem of its configuration. */
export async function expectMended(process: GatewayProcess, timeoutMs = 20_000): Promise<void> {
  await eventually(async () => {
    const ready = await readyOf(process);
    expect(configurationKinds(ready)).toEqual([]);
    expect(ready.status).toBe(200);
    expect(ready.body.checks["configuration"]).toBe("up");
  }, timeoutMs);
}
