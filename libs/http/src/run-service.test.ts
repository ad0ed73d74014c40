import { expect, test } from "bun:test";

/** Runs in a process of its own: only there can nothing catch an error. */
const service = `
  import { runService } from ${JSON.stringify(Bun.fileURLToPath(new URL("./run-service.ts", import.meta.url)))};
  await runService(process, {
    name: "failing",
    readConfig: () => ({ HOST: "127.0.0.1", PORT: 0, LOG_LEVEL: "info", SHUTDOWN_DELAY_MS: 0 }),
    compose: () => ({
      app: { listen: () => {}, stop: async () => {}, server: { port: 1 } },
      beginStop: () => {},
      close: async () => {},
    }),
  });
`;

test.each([
  ["thrown", `setTimeout(() => { throw Object.assign(new Error("it broke"), { password: "do-not-show" }); }, 1);`],
  ["rejected", `void Promise.reject(Object.assign(new Error("it broke"), { password: "do-not-show" }));`],
])("an error that nothing caught, %s: the process ends with one log line and without a secret", async (_, fault) => {
  const child = Bun.spawn([process.execPath, "-e", `${service}\n${fault}`], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(code).toBe(1);
  expect(stderr).toBe("");
  expect(stdout).not.toContain("do-not-show");
  const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  expect(last).toMatchObject({ level: "fatal", err: { name: "Error" } });
});
