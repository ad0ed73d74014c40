import { beforeAll, expect, test } from "bun:test";
import { type JvmProfile, STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { keycloakCommand } from "../tools/dev-stack/src/keycloak/java-command.ts";
import { runCommand } from "../tools/dev-stack/src/machine/run-command.ts";

// The Keycloak that runs is a Java process with the options of its own kc.sh, but for those named here.

const QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const args = ["start", "--optimized"];

/** The command line of the stack's Keycloak, and its folder; none where the server is not a process of this machine. */
let running: { line: string; java: string; home: string } | undefined;
let commands: Record<JvmProfile, string[]>;

beforeAll(async () => {
  const { pids } = await useStack();
  if (!pids.keycloak) return;
  const { output } = await runCommand(["ps", "-ww", "-o", "args=", "-p", String(pids.keycloak)]);
  const line = output.trim();
  running = {
    line,
    java: line.slice(0, line.indexOf(" -")),
    home: /-Dkc\.home\.dir=(.+)\/bin\/\.\. /.exec(line)?.[1] ?? "",
  };
  const { java, home } = running;
  const command = (jvm: JvmProfile) => keycloakCommand({ java: { path: java, version: 0 }, home, jvm, args });
  commands = { quick: await command("quick"), steady: await command("steady"), keycloak: await command("keycloak") };
}, STACK_TIMEOUT_MS);

test("the server's process is Java itself, with one of the three sets of options", async () => {
  if (!running) return;
  const sets = Object.values(commands);
  expect(running.java).toEndWith("/java");
  expect(sets.map((set) => set.join(" "))).toContain(running.line);
});

test("for benchmarks: every option that this Keycloak's kc.sh has by default", async () => {
  if (!running) return;
  const env = { PATH: process.env["PATH"], PRINT_ENV: "true", JAVA: "true" };
  const { output } = await runCommand(["sh", `${running.home}/bin/kc.sh`, ...args], { env });
  const options = /^Using JAVA_OPTS: (.+)$/m.exec(output)?.[1]?.split(" ") ?? [];
  expect(options).toContain("-Xmx512m");
  expect(commands.keycloak).toEqual(expect.arrayContaining(options));
});

test("for long test runs: another collector, nothing else", async () => {
  if (!running) return;
  const { steady, quick } = commands;
  expect(steady).toEqual(quick.filter((option) => option !== "-XX:TieredStopAtLevel=1"));
});

test("for single test files: another collector and one compiler tier, nothing else", async () => {
  if (!running) return;
  const { quick, keycloak } = commands;
  expect(quick.filter((option) => !keycloak.includes(option))).toEqual(QUICK);
  // Up to 24 it is the parallel one.
  const [collector, ...others] = keycloak.filter((option) => !quick.includes(option));
  expect(collector).toMatch(/^-XX:\+Use(G1|Parallel)GC$/);
  expect(others).toEqual([]);
});
