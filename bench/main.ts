// `bun run bench [--quick] [--flow login,register,refresh] [--jvm keycloak|quick]`
// The gateway against Keycloak alone, in one run, on a stack of its own with Keycloak's default password hashing.
import { parseArgs } from "node:util";
import { openTestStack } from "@libs/dev-stack";
import { GatewayProcess, gatewayEnv, stopGateways } from "../test/support/gateway-process.ts";
import { type Comparison, compare, type Plan } from "./gateway-against-keycloak.ts";
import { measureStart } from "./gateway-start.ts";
import { type Flow, gatewaySide, keycloakSide, newAccount } from "./sides.ts";

/** Enough that no user's row is hot. */
const accountCount = 64;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    flow: { type: "string", default: "login,register,refresh" },
    jvm: { type: "string", default: "keycloak" },
  },
});

const plan: Plan = {
  flows: values.flow.split(",") as Flow[],
  concurrencies: [1, 8],
  ...(values.quick ? { rounds: 2, roundMs: 2000, warmUpMs: 4000 } : { rounds: 8, roundMs: 4000, warmUpMs: 20_000 }),
};

const report = (line: string) => process.stderr.write(`${line}\n`);

report("Starting Keycloak and PostgreSQL …");
const stack = await openTestStack({
  attach: false,
  jvm: values.jvm === "quick" ? "quick" : "keycloak",
  realm: { passwordPolicy: "length(8)" },
});
try {
  const env = gatewayEnv(stack, { LOG_LEVEL: "info" });
  const start = await measureStart(env);
  const gateway = await GatewayProcess.start(env);
  const accounts = Array.from({ length: accountCount }, newAccount);
  for (const account of accounts) await createUser(gateway.url, account);
  const sides = { gateway: gatewaySide(gateway.url, accounts), keycloak: keycloakSide(stack, accounts) };
  const comparisons = await compare(sides, { ...stack.pids, gateway: gateway.pid }, plan, report);
  console.table(comparisons.map(row));
  console.log(
    `Gateway start to ready: ${start.readyMs.map((ms) => ms.toFixed(0)).join(", ")} ms; idle memory: ${start.idleMiB.toFixed(0)} MiB`,
  );
} finally {
  await stopGateways();
  await stack.stop();
}

function row({ flow, concurrency, gateway, keycloak }: Comparison) {
  const ratio = (a: number, b: number) => Number((a / b).toFixed(3));
  const ms = (value: number) => Number(value.toFixed(1));
  return {
    flow,
    c: concurrency,
    "gateway/s": ms(gateway.perSecond),
    "keycloak/s": ms(keycloak.perSecond),
    "throughput ratio": ratio(gateway.perSecond, keycloak.perSecond),
    "p50 ms": ms(gateway.p50Ms),
    "keycloak p50": ms(keycloak.p50Ms),
    "p50 ratio": ratio(gateway.p50Ms, keycloak.p50Ms),
    "p50 added ms": ms(gateway.p50Ms - keycloak.p50Ms),
    "p99 ms": ms(gateway.p99Ms),
    "keycloak p99": ms(keycloak.p99Ms),
    "cpu gateway": ms(gateway.cpu.gateway),
    "cpu keycloak": `${ms(gateway.cpu.keycloak)} (alone ${ms(keycloak.cpu.keycloak)})`,
    "cpu postgres": `${ms(gateway.cpu.postgres)} (alone ${ms(keycloak.cpu.postgres)})`,
  };
}

async function createUser(url: string, account: ReturnType<typeof newAccount>): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/auth/register`, { method: "POST", headers, body: JSON.stringify(account) });
  if (answer.status !== 201) throw new Error(`register answered ${answer.status}: ${await answer.text()}`);
}
