import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataTemplate } from "./template.ts";

test("data is taken from a template of the same versions of both servers, and of no other", async () => {
  const cache = mkdtempSync(join(tmpdir(), "template-test-"));
  const folder = join(cache, `data-keycloak-26.7.4-postgres-18.4.0-uid-${process.getuid?.() ?? 0}`);
  const credentials = { postgresPassword: "p", keycloakAdmin: { username: "a", password: "b" } };
  mkdirSync(join(folder, "data"), { recursive: true });
  writeFileSync(join(folder, "data/PG_VERSION"), "18\n");
  writeFileSync(join(folder, "credentials.json"), JSON.stringify(credentials));
  const copy = join(cache, "copy");
  const copyOf = (keycloak: string, postgres: string) => new DataTemplate({ keycloak, postgres }, cache).copyTo(copy);
  expect(await copyOf("26.4.7", "18.4.0")).toBeUndefined();
  expect(await copyOf("26.7.4", "17.10.0")).toBeUndefined();
  expect(existsSync(copy)).toBe(false);
  expect(await copyOf("26.7.4", "18.4.0")).toEqual(credentials);
  expect(readFileSync(join(copy, "PG_VERSION"), "utf8")).toBe("18\n");
  rmSync(cache, { recursive: true });
});
