import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOOPBACK } from "../base/constants.ts";
import { StackError } from "../base/stack-error.ts";
import { type KeycloakServerOptions, keycloakReady, runKeycloak } from "../keycloak/keycloak-server.ts";
import { freePorts } from "../machine/ports.ts";
import type { SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";
import { type HaproxyOptions, runHaproxy } from "./haproxy-server.ts";

export const NODE_NAMES = ["a", "b"] as const;
export type NodeName = (typeof NODE_NAMES)[number];

interface Node {
  options: KeycloakServerOptions;
  process: SupervisedProcess;
}

/** Enough for two nodes and the gateways of a test within PostgreSQL's `max_connections`. */
const POOL_OF_A_NODE = 60;
const STEADY_WITHIN_MS = 60_000;

/**
 * Two nodes of Keycloak on one database behind HAProxy, each of which can be killed, stopped and started again.
 * The nodes find each other through the database (`jdbc-ping`, Keycloak's default stack).
 */
export class KeycloakCluster {
  private readonly nodes = new Map<NodeName, Node>();
  private balancer: SupervisedProcess | undefined;

  private constructor(
    private readonly supervisor: Supervisor,
    private readonly haproxy: HaproxyOptions,
  ) {}

  /**
   * @param single settings of a single server; its port is where HAProxy listens
   * @param program HAProxy
   */
  static async start(
    supervisor: Supervisor,
    single: KeycloakServerOptions,
    program: HaproxyOptions["program"],
  ): Promise<KeycloakCluster> {
    const [statsPort = 0, jgroupsA = 0, jgroupsB = 0, keycloakA = 0, keycloakB = 0, managementB = 0] = freePorts(6);
    const stateDir = dirname(single.log);
    const publicPort = single.ports.keycloak;
    const member = (name: NodeName, keycloak: number, management: number, jgroupsPort: number) => ({
      ...single,
      name: `keycloak-${name}`,
      ports: { ...single.ports, keycloak, management },
      member: { publicPort, jgroupsPort, poolSize: POOL_OF_A_NODE },
      log: name === "a" ? single.log : join(stateDir, `keycloak-${name}.log`),
    });
    const members = {
      a: member("a", keycloakA, single.ports.management, jgroupsA),
      b: member("b", keycloakB, managementB, jgroupsB),
    };
    const cluster = new KeycloakCluster(supervisor, {
      program,
      port: publicPort,
      statsPort,
      servers: NODE_NAMES.map((name) => ({
        name,
        port: members[name].ports.keycloak,
        healthPort: members[name].ports.management,
      })),
      configFile: join(stateDir, "haproxy.cfg"),
      log: join(stateDir, "haproxy.log"),
    });
    // One after the other: the first may have to create the schema.
    for (const name of NODE_NAMES) await cluster.run(name, members[name]);
    await cluster.startBalancer();
    await cluster.steady();
    return cluster;
  }

  get logs(): { keycloak: string; keycloakB: string; haproxy: string } {
    const log = (name: NodeName) => this.node(name).options.log;
    return { keycloak: log("a"), keycloakB: log("b"), haproxy: this.haproxy.log };
  }

  pid(name: NodeName): number {
    return this.node(name).process.pid;
  }

  /** Address of one node, past HAProxy. */
  url(name: NodeName): string {
    return `http://${LOOPBACK}:${this.node(name).options.ports.keycloak}`;
  }

  /** Ends a node as a crash does (SIGKILL), and returns when it is gone. */
  kill(name: NodeName): Promise<void> {
    return this.end(name, "SIGKILL");
  }

  /** Ends a node as an orchestrator does (SIGTERM), and returns when it is gone. */
  stop(name: NodeName): Promise<void> {
    return this.end(name, "SIGTERM");
  }

  /** Starts a node that has ended, and returns when it is ready. */
  async restart(name: NodeName): Promise<void> {
    const { options, process } = this.node(name);
    if (process.exitCode === undefined) throw new StackError(`Node ${name} is running.`);
    await this.run(name, options);
  }

  /** Ends HAProxy, with the connections through it. */
  async stopBalancer(): Promise<void> {
    if (this.balancer) process.kill(this.balancer.pid, "SIGKILL");
    await this.balancer?.exited;
  }

  async startBalancer(): Promise<void> {
    this.balancer = await runHaproxy(this.supervisor, this.haproxy);
  }

  /** Waits until both nodes are one cluster and HAProxy sends requests to both. */
  async steady(): Promise<void> {
    const deadline = Date.now() + STEADY_WITHIN_MS;
    for (;;) {
      const sizes = await Promise.all(NODE_NAMES.map((name) => this.size(name)));
      const up = await this.serversUp();
      if (sizes.every((size) => size === NODE_NAMES.length) && up.length === NODE_NAMES.length) return;
      if (Date.now() > deadline) {
        throw new StackError(`No cluster of two: the nodes see ${sizes.join(" and ")}, HAProxy sees ${up.join(", ")}.`);
      }
      await delay(100);
    }
  }

  /** How many nodes a node sees, itself among them; 0 while it doesn't answer. */
  async size(name: NodeName): Promise<number> {
    const { management } = this.node(name).options.ports;
    const text = await read(`http://${LOOPBACK}:${management}/metrics`);
    return Number(/^vendor_cluster_size\S* ([\d.]+)$/m.exec(text)?.[1] ?? 0);
  }

  /** The nodes that HAProxy sends requests to. */
  async serversUp(): Promise<string[]> {
    const text = await read(`http://${LOOPBACK}:${this.haproxy.statsPort}/;csv`);
    return NODE_NAMES.filter((name) => text.split("\n").some((line) => isUp(line.split(","), name)));
  }

  private async run(name: NodeName, options: KeycloakServerOptions): Promise<void> {
    const node = await runKeycloak(this.supervisor, options);
    this.nodes.set(name, { options, process: node });
    await keycloakReady(node, `http://${LOOPBACK}:${options.ports.management}`);
  }

  private async end(name: NodeName, signal: NodeJS.Signals): Promise<void> {
    const { process: node } = this.node(name);
    if (node.exitCode === undefined) process.kill(node.pid, signal);
    await node.exited;
  }

  private node(name: NodeName): Node {
    const node = this.nodes.get(name);
    if (!node) throw new StackError(`There is no node ${name}.`);
    return node;
  }
}

/** Columns of HAProxy's CSV: proxy, server, and the status in the 18th. */
function isUp(columns: string[], name: NodeName): boolean {
  return columns[0] === "nodes" && columns[1] === name && columns[17]?.startsWith("UP") === true;
}

async function read(url: string): Promise<string> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text();
  } catch {
    return "";
  }
}
