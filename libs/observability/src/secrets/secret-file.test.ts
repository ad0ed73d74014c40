import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretFileError } from "./read-secret-file.ts";
import { SecretFile } from "./secret-file.ts";
import { secretFromEnvironment, secretSource } from "./secret-from-environment.ts";

const folder = mkdtempSync(join(tmpdir(), "secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let path: string;
let clock: number;
let events: string[];
let count = 0;
beforeEach(() => {
  path = join(folder, String(count++));
  clock = Date.now();
  events = [];
});

function open(check?: (value: string, before?: string) => string | undefined): SecretFile {
  const file = new SecretFile({ variable: "SECRET", path, now: () => clock, ...(check && { check }) });
  file.events = {
    taken: (variable) => events.push(`taken ${variable}`),
    refused: (variable, rule) => events.push(`refused ${variable}: ${rule}`),
  };
  return file;
}

/** The value as it is so many checks later, a second apart. */
function after(checks: number, file: SecretFile): string {
  for (let n = 0; n < checks; n += 1) {
    clock += 1_000;
    file.check();
  }
  return file.value;
}

describe("a secret's file", () => {
  test.each([
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n\n", "s3cret"],
    [" with blanks \n", " with blanks "],
    ["two\nlines\n", "two\nlines"],
    ["\uFEFFwith a byte order mark\n", "with a byte order mark"],
    ["pässwörd\n", "pässwörd"],
  ])("%j is read as %j", (content, value) => {
    writeFileSync(path, content);
    expect(open().value).toBe(value);
  });

  test.each([
    ["missing", () => {}, "names a file that does not exist"],
    ["empty", () => writeFileSync(path, ""), "names an empty file"],
    ["blank", () => writeFileSync(path, " \n\n"), "names an empty file"],
    ["a folder", () => mkdirSync(path), "names a folder, not a file"],
    ["no text", () => writeFileSync(path, Buffer.from([0xc3, 0x28, 0xff])), "no UTF-8 text"],
    ["binary", () => writeFileSync(path, "do-not\0show"), "no UTF-8 text"],
    ["huge", () => writeFileSync(path, "do-not-show".repeat(10_000)), "more than 64 kB"],
  ])("that is %s is refused by name, and not shown", (_, make, rule) => {
    make();
    expect(open).toThrow(new RegExp(`^SECRET_FILE .*${rule}`));
    expect(open).toThrow(expect.not.objectContaining({ message: expect.stringContaining("do-not") }));
  });

  test("that can't be read for another reason is refused with the system's code", () => {
    symlinkSync(path, path);
    expect(open).toThrow("SECRET_FILE names a file that can't be read (ELOOP)");
  });

  test("is read again when it was written in place", () => {
    writeFileSync(path, "one\n");
    const file = open();
    writeFileSync(path, "two\n");
    expect(file.value).toBe("one");
    expect(after(2, file)).toBe("two");
    expect(events).toEqual(["taken SECRET"]);
  });

  test("is read again when a symbolic link is swapped, as Kubernetes does", () => {
    for (const [name, content] of [
      ["a", "one"],
      ["b", "two"],
    ] as const) {
      mkdirSync(`${path}-${name}`);
      writeFileSync(join(`${path}-${name}`, "secret"), content);
    }
    symlinkSync(`${path}-a`, `${path}-data`);
    symlinkSync(join(`${path}-data`, "secret"), path);
    const file = open();
    symlinkSync(`${path}-b`, `${path}-new`);
    renameSync(`${path}-new`, `${path}-data`);
    expect(after(2, file)).toBe("two");
    expect(events).toEqual(["taken SECRET"]);
  });

  test("is taken at the first check when it was written a while ago", () => {
    writeFileSync(path, "one");
    const file = open();
    writeFileSync(path, "two");
    clock += 5_000;
    expect(file.value).toBe("two");
  });

  test("with times of the future is taken when it is the same at two checks", () => {
    writeFileSync(path, "one");
    const file = open();
    writeFileSync(path, "two");
    utimesSync(path, new Date(clock + 3_600_000), new Date(clock + 3_600_000));
    expect(after(1, file)).toBe("one");
    expect(after(1, file)).toBe("two");
  });

  test("that is half written is not taken", () => {
    writeFileSync(path, "one");
    const file = open();
    for (const part of ["", "postgres", "postgresql://", "postgresql://new"]) {
      writeFileSync(path, part);
      const soon = clock + 999;
      utimesSync(path, new Date(soon), new Date(soon));
      expect(after(1, file)).toBe("one");
    }
    expect(after(2, file)).toBe("postgresql://new");
    expect(events).toEqual(["taken SECRET"]);
  });

  test("that is missing or invalid keeps the value, is reported once, and is taken when it is mended", () => {
    writeFileSync(path, "one");
    const file = open((value) => (value.startsWith("bad") ? "it is bad" : undefined));
    rmSync(path);
    expect(after(5, file)).toBe("one");
    expect(events).toEqual(["refused SECRET: names a file that does not exist"]);
    writeFileSync(path, "bad-do-not-show");
    expect(after(5, file)).toBe("one");
    expect(events.slice(1)).toEqual(["refused SECRET: names a file whose content can't be used: it is bad"]);
    writeFileSync(path, "two");
    expect(after(3, file)).toBe("two");
    expect(events.slice(2)).toEqual(["taken SECRET"]);
  });

  test("that is gone for a moment is not reported", () => {
    writeFileSync(path, "one");
    const file = open();
    rmSync(path);
    expect(after(1, file)).toBe("one");
    writeFileSync(path, "one");
    expect(after(3, file)).toBe("one");
    expect(events).toEqual([]);
  });

  test("knows the value before a change, to refuse what may not follow it", () => {
    writeFileSync(path, "a1");
    const file = open((value, before) => (before && value[0] !== before[0] ? "another letter" : undefined));
    writeFileSync(path, "b1");
    expect(after(3, file)).toBe("a1");
    writeFileSync(path, "a2");
    expect(after(3, file)).toBe("a2");
  });

  test("is read once a second at most, and goes on after the clock was set back", () => {
    writeFileSync(path, "one");
    const file = open();
    rmSync(path);
    clock += 999;
    expect(file.value).toBe("one");
    writeFileSync(path, "two");
    clock -= 3_600_000;
    file.check();
    expect(after(3, file)).toBe("two");
  });
});

describe("a variable", () => {
  test("gives the value, the file's, or nothing; never both", () => {
    writeFileSync(path, "from-file\n");
    expect(secretFromEnvironment("S", { S: "plain" })).toBe("plain");
    expect(secretFromEnvironment("S", {})).toBeUndefined();
    expect(secretFromEnvironment("S", { S: " ", S_FILE: "" })).toBeUndefined();
    const followed = secretFromEnvironment("S", { S: "", S_FILE: path });
    expect(typeof followed === "function" && followed()).toBe("from-file");
    const both = () => secretSource("S", { S: "do-not-show", S_FILE: path });
    expect(both).toThrow(SecretFileError);
    expect(both).toThrow("S_FILE and S are both given: leave one of them out");
  });
});
