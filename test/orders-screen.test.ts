// The lines that `bun run orders` ends with, run by a shell as they are printed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ROOT } from "../tools/dev-stack/src/base/paths.ts";
import { ordersScreen } from "../tools/dev-stack/src/cli/screen.ts";
import { openDemoStore } from "../tools/dev-stack/src/demo-store.ts";
import { authctlEnv } from "./support/authctl-process.ts";
import { GatewayProcess, ordersEnv } from "./support/gateway-process.ts";
import { useJourney } from "./support/journey.ts";

const journey = useJourney();
let orders: GatewayProcess;
beforeAll(async () => {
  orders = await GatewayProcess.start(ordersEnv({ ...journey.stack, databaseUrl: journey.databaseUrl }), "orders");
});
afterAll(() => orders?.stop());

/** A role counts a moment after it was given. */
const untilSeen = (line: string) =>
  `until SEEN=$(${line}) && case "$SEEN" in '{"orders":'*) true;; *) false;; esac; do sleep 0.05; done; echo "$SEEN"`;

test("a customer orders, is refused the store's orders, and sees them once the role is given", async () => {
  expect(await openDemoStore(journey.databaseUrl)).toBe(true);
  expect(await openDemoStore(journey.databaseUrl)).toBe(true);
  const screen = ordersScreen(journey.gateway.url, orders.url);
  const lines = screen.split("\n").filter((line) => /^(curl|\w+=\$|npx) ?/.test(line));
  expect(lines).toHaveLength(9);
  // The Bun of this test, where the screen has one that anybody can get.
  const ours = lines.map((line) => line.replace(/^npx --yes bun@[\d.]+/, process.execPath));
  const script = [...ours.slice(0, -1), untilSeen(ours.at(-1) ?? "")].join("; echo; echo ---\n");
  const env = { ...process.env, ...authctlEnv({ ...journey.stack, databaseUrl: journey.databaseUrl }) };
  const { stdout } = await Bun.$`sh -c ${script}`.env(env).cwd(ROOT).quiet();
  const answers = stdout.toString().split("---\n");
  const json = (line: number) => JSON.parse(answers[line] ?? "");
  expect(json(0).user).toMatchObject({ username: "grace" });
  expect(json(3).items).toMatchObject([{ sku: "tea", quantity: 2 }]);
  const order = json(4);
  expect(order.totalMinor).toBe(900);
  expect(json(5).code).toBe("permission.missing");
  expect(answers[7]).toContain("granted: clerk to");
  expect(json(8).orders).toMatchObject([{ id: order.id }]);
});

test("who keeps stores of their own gets none of ours", async () => {
  const { url } = await journey.stack.createDatabase();
  await using sql = new Bun.SQL(url, { max: 1 });
  await sql`INSERT INTO stores ${sql({ id: "mine", name: "Mine" })}`;
  expect(await openDemoStore(url)).toBe(false);
  expect(await sql`SELECT id FROM stores`).toHaveLength(1);
});
