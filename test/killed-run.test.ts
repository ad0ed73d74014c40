// A run of tests that is killed leaves none of its gateways behind.
import { expect, test } from "bun:test";
import { useStack } from "@libs/dev-stack";
import { eventually } from "./support/eventually.ts";
import { gatewayEnv } from "./support/gateway-process.ts";

const support = Bun.fileURLToPath(new URL("./support/gateway-process.ts", import.meta.url));

test("kill -9 of the process that started a gateway ends the gateway", async () => {
  const program = `
    import { GatewayProcess } from ${JSON.stringify(support)};
    const gateway = await GatewayProcess.start(${JSON.stringify(gatewayEnv(await useStack()))});
    console.log(gateway.url);`;
  const run = Bun.spawn([process.execPath, "-e", program], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const { value } = await run.stdout.getReader().read();
  const live = `${new TextDecoder().decode(value).trim()}/health/live`;
  expect((await fetch(live)).status).toBe(200);
  run.kill("SIGKILL");
  await eventually(() => expect(fetch(live)).rejects.toThrow(), 20_000);
}, 60_000);
