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
  ? { rounds: 6, roundMs: 500, warmUpMs: 1500, connections: 32 }
  : { rounds: 20, roundMs: 1000, warmUpMs: 4000, connections: 32 };
/** How many tokens are warm. */
const warmTokens = 256;
/** Of each kind; a round that needs more starts over, which a cache of 10,000 has forgotten by then. */
const newTokens = values.quick ? 3000 : 12_000;

const reading = "service that reads its database";
const guardedWays = ["guarded", "guarded, 1 % renewed tokens", "guarded, 1 % new logins"] as const;

const report = (line: string) => process.stderr.write(`${line}\n`);
const file = (name: string) => Bun.fileURLToPath(new URL(`guard/${name}`, import.meta.url));

report("Keycloak, PostgreSQL, people who log in …");
const stack = await openTestStack();
const processes: BenchProcess[] = [];
try {
  const tokens = await Tokens.create(stack, 32);
  report(`${newTokens} tokens of each kind …`);
  const warmed = await tokens.ofKnownSessions(warmTokens);
  const [warm, open] = [requests("/orders", warmed), requests("/open", warmed)];
  const renewed = requests("/orders", await tokens.ofKnownSessions(newTokens));
  const loggedIn = requests("/orders", await tokens.ofNewSessions(newTokens));
  const publicKey = await tokens.publicKey(stack.issuer);
  await tokens.close();

  const started = await startSides(stack, publicKey);
  const { bare, bareMixed, database, databaseMixed, service, serviceMixed, keys, keyGiven, onBun } = started;
  for (const { port } of [bare, database, service, keys, onBun]) await expectIssuedToken(port, tokens.issued[0] ?? "");
  /** @param mixed a process of its own: new tokens push the warm ones out of a cache */
  const guardedAndNot = (name: string, process: BenchProcess, mixed: BenchProcess): Side[] => {
    const [guarded, withRenewed, withNew] = guardedWays;
    return [
      { name, process, next: inTurn(open) },
      { name: `${name}, ${guarded}`, process, next: inTurn(warm) },
      { name: `${name}, ${withRenewed}`, process: mixed, next: inTurn(warm, renewed) },
      { name: `${name}, ${withNew}`, process: mixed, next: inTurn(warm, loggedIn) },
    ];
  };
  const sides: Side[] = [
    ...guardedAndNot(reading, database, databaseMixed),
    ...guardedAndNot("service", service, serviceMixed),
    { name: "Elysia alone", process: bare, next: inTurn(open) },
    { name: "Elysia alone, guarded", process: bare, next: inTurn(warm) },
    { name: "Elysia alone, guarded, 1 % renewed tokens", process: bareMixed, next: inTurn(warm, renewed) },
    { name: "Express alone", process: keys, next: inTurn(open) },
    { name: "keycloak-connect", process: keys, next: inTurn(warm) },
    { name: "keycloak-connect, key given", process: keyGiven, next: inTurn(warm) },
    { name: "keycloak-connect on Bun", process: onBun, next: inTurn(warm) },
  ];
  const figures = await measureSides(sides, plan, report);
  console.table(figures.rows());
  const pairs = [
    ...[reading, "service"].flatMap((name) => guardedWays.map((way) => [`${name}, ${way}`, name] as const)),
    ["Elysia alone, guarded", "Elysia alone"],
    ["Elysia alone, guarded, 1 % renewed tokens", "Elysia alone"],
    ["Elysia alone, guarded", "keycloak-connect"],
    ["Elysia alone, guarded", "keycloak-connect, key given"],
    ["Elysia alone, guarded", "keycloak-connect on Bun"],
    ["service, guarded", "keycloak-connect"],
  ] as const;
  console.table(pairs.map(([side, against]) => figures.ratio(side, against)));
} finally {
  await Promise.all(processes.map((each) => each.stop()));
  await stack.stop();
}

/** keycloak-connect runs on Node.js where there is one, as its makers mean it. */
async function startSides(stack: TestStack, publicKey: string) {
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
    bare: await elysia(),
    bareMixed: await elysia(),
    database: await elysia("database"),
    databaseMixed: await elysia("database"),
    service: await elysia("service"),
    serviceMixed: await elysia("service"),
    keys: await start(node),
    keyGiven: await start(node, { REALM_PUBLIC_KEY: publicKey }),
    onBun: await start(bun),
  };
}

/** Keycloak's own token is good on every side. */
async function expectIssuedToken(port: number, token: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 200) throw new Error(`a token of Keycloak's was answered ${answer.status}`);
}

function requests(path: string, tokens: string[]): Uint8Array[] {
  return tokens.map((token) => requestOf(path, token));
}

/** @param others one for every hundredth request */
function inTurn(warm: Uint8Array[], others: Uint8Array[] = []): () => Uint8Array {
  let count = 0;
  let used = 0;
  return () => {
    count += 1;
    const isOther = others.length > 0 && count % 100 === 0;
    return (isOther ? others[used++ % others.length] : warm[count % warm.length]) as Uint8Array;
  };
}
