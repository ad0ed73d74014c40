import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findJava, parseJavaVersion } from "./java.ts";

const root = mkdtempSync(join(tmpdir(), "java-test-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A `java` that only knows its version. */
function fakeJava(name: string, version: string, bin = "bin"): string {
  const folder = join(root, name, bin);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "java"), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`);
  chmodSync(join(folder, "java"), 0o755);
  return join(root, name);
}

const old = fakeJava("old", "11.0.2");
const home = fakeJava("home", "17.0.15");
const onPath = fakeJava("path", "21");
const usual = fakeJava("jvms/jdk-25", "25.0.1");
const folders = [join(usual, "..")];

test("JAVA_HOME goes before PATH, PATH before the usual folders", () => {
  const PATH = join(onPath, "bin");
  expect(findJava({ JAVA_HOME: home, PATH }, folders)?.version).toBe(17);
  expect(findJava({ PATH }, folders)?.version).toBe(21);
  expect(findJava({ PATH: "" }, folders)?.version).toBe(25);
});

test("a Java that is too old, or no Java at all, is passed over", () => {
  expect(findJava({ JAVA_HOME: old, PATH: root }, folders)?.version).toBe(25);
  expect(findJava({ JAVA_HOME: old, PATH: root }, [])).toBeUndefined();
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ["The operation couldn't be completed. Unable to locate a Java Runtime.", undefined],
])("reads %p", (output, version) => {
  expect(parseJavaVersion(output)).toBe(version as number);
});
