import { expect, test } from "bun:test";
import { Counter, Registry } from "prom-client";
import { lazyGauge } from "./lazy-gauge.ts";

test("values are set in the order of the calls", async () => {
  const registry = new Registry();
  const gauge = lazyGauge(registry, { name: "up", help: "Whether it is up." });
  gauge.set({}, 0);
  gauge.set({}, 1);
  await Bun.sleep(0);
  while (!(await registry.metrics()).includes("\nup 1")) await Bun.sleep(1);
});

test("a name that another metric has, and a name that is none, end nothing", async () => {
  const registry = new Registry();
  new Counter({ name: "up", help: "Another one.", registers: [registry] });
  lazyGauge(registry, { name: "up", help: "Whether it is up." }).set({}, 1);
  lazyGauge(registry, { name: "not a name", help: "" });
  // An unhandled rejection would fail this file.
  await Bun.sleep(20);
  expect(await registry.metrics()).toContain("up 0");
});
