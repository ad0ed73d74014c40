import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demandSha256 } from "./archive.ts";

const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("an archive with another checksum is refused and removed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  const file = join(folder, "keycloak.tar.gz");
  writeFileSync(file, "abc");
  await demandSha256(file, SHA256_OF_ABC);
  expect(existsSync(file)).toBe(true);
  writeFileSync(file, "abcd");
  await expect(demandSha256(file, SHA256_OF_ABC)).rejects.toThrow("was refused");
  expect(existsSync(file)).toBe(false);
  rmSync(folder, { recursive: true });
});
