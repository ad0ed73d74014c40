import type { Servers } from "../servers.ts";

/** The variable by which a parallel run hands its servers to its workers, as JSON. */
export const SHARED_SERVERS = "TEST_SERVERS";
/** The variable with the name of the run. */
export const RUN_NAME = "TEST_RUN";
/** The variable that names the folder where workers leave what they wrote and the secrets they used. */
export const TRACES = "TEST_TRACES";

/** What workers get of the servers: data alone. */
export type SharedServers = Omit<Servers, "supervisor" | "cluster" | "stop">;

/** Whether this process is a worker of a parallel run, on servers that the run stops. */
export const isPartOfParallelRun = () => !!process.env[SHARED_SERVERS];

/** What a worker was given. */
export function sharedServers(): Servers | undefined {
  const text = process.env[SHARED_SERVERS];
  return text ? { ...(JSON.parse(text) as SharedServers), stop: async () => {} } : undefined;
}
