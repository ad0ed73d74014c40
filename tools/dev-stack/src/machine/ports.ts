import { LOOPBACK, PREFERRED_PORTS } from "../base/constants.ts";
import { StackError } from "../base/stack-error.ts";
import { portOwner } from "./port-owner.ts";

export type PortName = keyof typeof PREFERRED_PORTS;

/** Whether a server could listen on the port of the loopback address now. */
export function isFree(port: number): boolean {
  try {
    listen(port).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** Ports that nobody uses, all different: they are held open together before they are given away. */
export function freePorts(count: number): number[] {
  const probes = Array.from({ length: count }, () => listen(0));
  const ports = probes.map((probe) => probe.port);
  for (const probe of probes) probe.stop(true);
  return ports;
}

const listen = (port: number) => Bun.listen({ hostname: LOOPBACK, port, exclusive: true, socket: { data() {} } });

/** The port that the environment names, else the preferred one. */
export function chosenPort(name: PortName, env: Record<string, string | undefined> = process.env): number {
  const { env: variable, port } = PREFERRED_PORTS[name];
  const text = env[variable];
  if (!text) return port;
  const chosen = Number(text);
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > 65_535) {
    throw new StackError(`${variable} must be a port from 1 to 65535.`);
  }
  return chosen;
}

/**
 * Refuses to go on while another process holds a port that is needed.
 * @throws StackError which names every such port, its holder and the variable that chooses another port
 */
export function demandFree(wanted: ReadonlyArray<{ name: PortName; port: number }>): void {
  const taken: string[] = [];
  for (const { name, port } of wanted) {
    if (isFree(port)) continue;
    const owner = portOwner(port);
    const holder = owner ? `${owner.name} (pid ${owner.pid})` : "a process that this user may not see";
    taken.push(`Port ${port} (${name}) is in use by ${holder}. Set ${PREFERRED_PORTS[name].env} to choose another.`);
  }
  if (taken.length > 0) throw new StackError(taken.join("\n"));
}
