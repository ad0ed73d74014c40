// `bun run bench:guard [--quick]`
// A guarded route against the same route unguarded, and against keycloak-connect on Express, in one run: the sides take
// turns, each a process of its own. All get the same requests, with tokens of the same Keycloak, and verify offline.
import { parseArgs } from "node:util";
import { openTestStack, type TestStack } from "@libs/dev-stack";
import { BenchProcess } from "./guard/bench-process.ts";
import { requestOf } from "./guard/http-load.ts";
import { measureSides, type Side } from "./guard/measure-sides.ts";
import { Tokens } from "./guard/tokens.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = values.quick
  ? { rounds: 4, roundMs: 1000, warmUpMs: 1500, connections: 32 }
  : { rounds: 8, roundMs: 2500, warmUpMs: 4000, connections: 32 };
/** How many tokens are warm. */
const warmTokens = 256;
/** Of each kind; a round that needs more starts over, which a cache of 10,000 has forgotten by then. */
const newTokens = values.quick ? 3000 : 12_000;
const everyHundredth = 100;

const report = (line: string) => process.stderr.write(`${line}\n`);
const file = (name: string) => Bun.fileURLToPath(new URL(`guard/${name}`, import.meta.url));

report("Keycloak, PostgreSQL, people who log in …");
const stack = await openTestStack();
const processes: BenchProcess[] = [];
try {
  const tokens = await Tokens.create(stack, 32);
  report(`${newTokens} tokens of each kind …`);
  const warm = requests(await tokens.ofKnownSessions(warmTokens));
  const renewed = everyHundredthOf(warm, requests(await tokens.ofKnownSessions(newTokens)));
  const loggedIn = everyHundredthOf(warm, requests(await tokens.ofNewSessions(newTokens)));
  await tokens.close();

  const { bareOpen, bareGuarded, serviceOpen, serviceGuarded, express, adapters } = await startSides(stack);
  for (const { port } of processes) await expectIssuedToken(port, tokens.issued[0] ?? "");
  const sides: Side[] = [
    { name: "Elysia alone", process: bareOpen, next: inTurn(warm) },
    { name: "Elysia alone, guarded", process: bareGuarded, next: inTurn(warm) },
    { name: "Elysia alone, guarded, 1 % renewed tokens", process: bareGuarded, next: inTurn(renewed) },
    { name: "service", process: serviceOpen, next: inTurn(warm) },
    { name: "service, guarded", process: serviceGuarded, next: inTurn(warm) },
    { name: "service, guarded, 1 % renewed tokens", process: serviceGuarded, next: inTurn(renewed) },
    { name: "service, guarded, 1 % new logins", process: serviceGuarded, next: inTurn(loggedIn) },
    { name: "Express alone (Node.js)", process: express, next: inTurn(warm) },
    ...adapters.map(([name, process]) => ({ name, process, next: inTurn(warm) })),
  ];
  const figures = await measureSides(sides, plan, report);
  console.table(figures.rows());
  const fastest =
    adapters.map(([name]) => name).toSorted((a, b) => figures.perSecond(b) - figures.perSecond(a))[0] ?? "";
  console.table([
    figures.ratio("service, guarded", "service"),
    figures.ratio("service, guarded, 1 % renewed tokens", "service"),
    figures.ratio("service, guarded, 1 % new logins", "service"),
    figures.ratio("Elysia alone, guarded", "Elysia alone"),
    figures.ratio("Elysia alone, guarded, 1 % renewed tokens", "Elysia alone"),
    figures.ratio("Elysia alone, guarded", fastest),
    figures.ratio("service, guarded", fastest),
  ]);
} finally {
  await Promise.all(processes.map((each) => each.stop()));
  await stack.stop();
}

async function startSides(stack: TestStack) {
  const env = {
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_CLIENT_ID: stack.clientId,
    DATABASE_URL: stack.databaseUrl,
  };
  const start = async (command: string[], more: Record<string, string> = {}) => {
    const started = await BenchProcess.start(command, { ...env, ...more });
    processes.push(started);
    return started;
  };
  const elysia = (...words: string[]) => start([process.execPath, file("guarded-service.ts"), ...words]);
  const node = [Bun.which("node") ?? process.execPath, file("keycloak-connect-service.mjs")];
  const bun = [process.execPath, file("keycloak-connect-service.mjs")];
  return {
    bareOpen: await elysia(),
    bareGuarded: await elysia("guarded"),
    serviceOpen: await elysia("service"),
    serviceGuarded: await elysia("service", "guarded"),
    express: await start(node, { UNGUARDED: "1" }),
    adapters: [
      ["keycloak-connect (Node.js)", await start(node)],
      ["keycloak-connect (Bun)", await start(bun)],
    ] as const,
  };
}

/** Keycloak's own token is good on every side. */
async function expectIssuedToken(port: number, token: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 200) throw new Error(`a token of Keycloak's was answered ${answer.status}`);
}

function requests(tokens: string[]): Uint8Array[] {
  return tokens.map((token) => requestOf("/orders", token));
}

interface Mix {
  warm: Uint8Array[];
  others: Uint8Array[];
}

function everyHundredthOf(warm: Uint8Array[], others: Uint8Array[]): Mix {
  return { warm, others };
}

function inTurn(requests: Uint8Array[] | Mix): () => Uint8Array {
  const { warm, others } = Array.isArray(requests) ? { warm: requests, others: [] } : requests;
  let count = 0;
  let used = 0;
  return () => {
    count += 1;
    const isOther = others.length > 0 && count % everyHundredth === 0;
    return (isOther ? others[used++ % others.length] : warm[count % warm.length]) as Uint8Array;
  };
}
