import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BulkProgress } from "@libs/keycloak-authV2/services/bulk";
import pc from "picocolors";
import { UsageError } from "../input/usage-error.ts";
import { confirm } from "./confirm.ts";
import { formatDuration } from "./format-duration.ts";
import { listProgress } from "./list-progress.ts";
import { openReport } from "./open-report.ts";
import { renderList } from "./render-list.ts";
import { printable, renderTable } from "./render-table.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const plain = pc.createColors(false);
const silent: Terminal = {
  print: () => {},
  report: () => {},
  colors: plain,
  reportColors: plain,
  width: null,
  canvas: null,
  ask: null,
};

describe("confirm", () => {
  const answering = (answer: string) => confirm({ ...silent, ask: async () => answer }, "Really?", false);

  test.each(["y", "Y", "yes", " yes "])("%j is a yes", async (answer) => {
    expect(await answering(answer)).toBe(true);
  });

  test.each(["", "n", "no", "yep", "nyes"])("%j is none", async (answer) => {
    expect(await answering(answer)).toBe(false);
  });

  test("nobody is asked with --yes, and nothing is taken for a yes where nobody is there", async () => {
    expect(await confirm(silent, "Really?", true)).toBe(true);
    expect(confirm(silent, "Really?", false)).rejects.toBeInstanceOf(UsageError);
  });
});

describe("tables", () => {
  test("have numbers to the right, and a dash for what is not there", () => {
    const text = renderTable(
      silent,
      ["what", "users"],
      [
        ["new", 12_345],
        ["gone", 7],
        ["other", null],
      ],
    );
    expect(text).toMatch(/│ new +│ 12,345 │/);
    expect(text).toMatch(/│ gone +│ {6}7 │/);
    expect(text).toMatch(/│ other +│ {6}– │/);
  });

  test("show what would steer the terminal as an escape", () => {
    const name = "ada\u001b[2J\u202egnp\n";
    expect(printable(name)).toBe("ada\\u001b[2J\\u202egnp\\u000a");
    for (const text of [renderTable(silent, null, [[name]]), renderList(silent, ["user"], [[name]])]) {
      expect(text).not.toContain("\u001b");
      expect(text).not.toContain("\u202e");
    }
  });
});

describe("a terminal", () => {
  const streams = (isTTY: boolean) =>
    ({ stdin: { isTTY }, stdout: { isTTY, columns: 80 }, stderr: { isTTY } }) as unknown as NodeJS.Process;

  test("has colours, a bar and questions", () => {
    const terminal = openTerminal(streams(true), { TERM: "xterm" });
    expect(terminal.colors.red("x")).toContain("\u001b[31m");
    expect(terminal).toMatchObject({ width: 80, canvas: { isTTY: true }, ask: expect.any(Function) });
  });

  test.each([
    [true, { NO_COLOR: "1" }],
    [true, { TERM: "dumb" }],
    [false, { TERM: "xterm" }],
  ] as const)("has no colours: a terminal %p, %p", (isTTY, environment) => {
    const { colors, reportColors } = openTerminal(streams(isTTY), environment);
    expect(colors.red("x") + reportColors.red("x")).toBe("xx");
  });

  test("is asked nothing where it is none", () => {
    expect(openTerminal(streams(false), {})).toMatchObject({ width: null, canvas: null, ask: null });
  });
});

describe("a report", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is CSV by its name, with every column, and no formulas", async () => {
    const path = join(folder, "differences.csv");
    const report = openReport(path, ["kind", "local", "enabled"]);
    report.write({ kind: "field", local: 'a "b", c', enabled: false, other: 1 });
    report.write({ kind: "=cmd()", local: null });
    report.close();
    expect(await readFile(path, "utf8")).toBe(`kind,local,enabled\nfield,"a ""b"", c",false\n'=cmd(),,\n`);
  });

  test("is NDJSON otherwise", async () => {
    const path = join(folder, "differences.ndjson");
    const report = openReport(path, ["kind"]);
    report.write({ kind: "extra", userId: "1" });
    report.close();
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ kind: "extra", userId: "1" });
  });

  test("that can't be written is reported as such", () => {
    expect(() => openReport(join(folder, "nowhere", "x.csv"), [])).toThrow(UsageError);
  });
});

test.each([
  [0, "0 s"],
  [400, "under 1 s"],
  [59_400, "59 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
])("%d ms are %j", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("lines of progress come at each phase and every ten seconds, and name an outage", () => {
  const progress = {
    runId: "r",
    phase: "scanning",
    done: 500,
    total: 2_000,
    rate: 100,
    remainingMs: 15_000,
    concurrency: 2,
    counts: { inserted: 3, revived: 0, updated: 2, deleted: 0, notices: { failed: 1 } },
    differences: { missing: 4, extra: 0, field: 0, session: 0 },
    waitingFor: null,
  } as unknown as BulkProgress;
  const reported: string[] = [];
  let now = 0;
  const display = listProgress(
    (line) => reported.push(line),
    "changes",
    () => now,
  );
  display.show(progress);
  display.show(progress);
  now = 10_000;
  display.show({ ...progress, done: 1_500 });
  const since = new Date("2026-11-23T12:00:05Z");
  for (const code of ["database.unavailable", "keycloak.timeout", "bulk.already_running"])
    display.show({ ...progress, phase: "waiting", waitingFor: { code, since } });
  expect(reported).toEqual([
    "users: 500 of 2000, 100/s, 15 s left, 3 new, 2 changed, 1 failed, 4 differences",
    "users: 1500 of 2000, 100/s, 15 s left, 3 new, 2 changed, 1 failed, 4 differences",
    "waiting since 12:00:05 UTC for the database to come back: database.unavailable",
    "waiting since 12:00:05 UTC for Keycloak to come back: keycloak.timeout",
    "waiting since 12:00:05 UTC for another run to end: bulk.already_running",
  ]);
});
