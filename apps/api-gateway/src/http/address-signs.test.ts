import { expect, test } from "bun:test";
import { createLogger, Registry } from "@libs/observability";
import { addressSigns, shapeOf } from "./address-signs.ts";

test("every sign is counted, the first of each kind is logged, and one an hour after it, without an address", async () => {
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  let now = 0;
  const sign = addressSigns(registry, logger, () => now);
  const value = "203.0.113.7;4711, Ada's [2001:db8::1]";
  for (let n = 0; n < 3; n++) sign({ reason: "unreadable", header: "x-forwarded-for", value });
  sign({ reason: "hidden", header: "x-forwarded-for", value: "unknown" });
  now += 3_600_000;
  sign({ reason: "unreadable", header: "x-forwarded-for", value });
  expect(lines.map(({ reason, requests }) => ({ reason, requests }))).toEqual([
    { reason: "unreadable", requests: 1 },
    { reason: "hidden", requests: 1 },
    { reason: "unreadable", requests: 3 },
  ]);
  expect(lines[0]).toMatchObject({ header: "x-forwarded-for", shape: "999.9.999.9;9999, aaa'a [9999:aa9::9]" });
  expect(JSON.stringify(lines)).not.toContain("203.0");
  expect(await registry.metrics()).toContain('client_address_signs_total{reason="unreadable"} 4');
});

test("a shape is short, whatever comes", () => {
  expect(shapeOf("x".repeat(10_000))).toBe("a".repeat(80));
  expect(shapeOf("Äß٣")).toBe("aa9");
});
