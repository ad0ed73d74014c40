import { expect, test } from "bun:test";
import { SetupError } from "@libs/problems";
import { Registry } from "prom-client";
import { counterIn, gaugeIn, histogramIn, prefixMetrics } from "./registered-metrics.ts";

test("parts that name the same metric share it", () => {
  const registry = new Registry();
  const config = { name: "things_total", help: "Things." };
  expect(counterIn(registry, config)).toBe(counterIn(registry, config));
});

test("a registry's prefix stands before every name", async () => {
  const registry = prefixMetrics(new Registry(), "auth_");
  counterIn(registry, { name: "things_total", help: "Things." }).inc(3);
  gaugeIn(registry, { name: "open", help: "Open." }).set(1);
  histogramIn(registry, { name: "seconds", help: "Seconds.", buckets: [1] }).observe(2);
  expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual([
    "auth_things_total",
    "auth_open",
    "auth_seconds",
  ]);
  expect(await registry.metrics()).toContain("auth_things_total 3");
  expect(counterIn(registry, { name: "things_total", help: "Things." })).toBe(
    counterIn(registry, { name: "things_total", help: "Things." }),
  );
});

test("a prefix that no metric may have is refused", () => {
  expect(() => prefixMetrics(new Registry(), "auth-")).toThrow(SetupError);
});
