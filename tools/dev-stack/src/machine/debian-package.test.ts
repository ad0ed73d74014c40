import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../base/report.ts";
import { debianProgram } from "./debian-package.ts";
import { osRelease } from "./os-release.ts";

const folder = mkdtempSync(join(tmpdir(), "debian-package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a program on the PATH is taken as it is, and nothing is downloaded", async () => {
  const path = join(folder, "haproxy");
  writeFileSync(path, "", { mode: 0o755 });
  const options = { report: silent, env: { PATH: `/nowhere:${folder}` }, cache: join(folder, "cache") };
  expect(await debianProgram("haproxy", options)).toEqual({ path, env: {} });
});

test("the release of the system names the folder of what is downloaded", () => {
  const file = join(folder, "os-release");
  writeFileSync(file, 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n');
  expect(osRelease(file)).toBe("debian-12");
  expect(osRelease(join(folder, "none"))).toBe("unknown");
});
