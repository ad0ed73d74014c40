import { expect, test } from "bun:test";
import { givenServers } from "./given-servers.ts";

const complete = {
  KEYCLOAK_URL: "http://127.0.0.1:8080/",
  KEYCLOAK_ADMIN_USERNAME: "admin",
  KEYCLOAK_ADMIN_PASSWORD: "do-not-show",
  DATABASE_URL: "postgresql://postgres:do-not-show@127.0.0.1/app",
};

test("no URLs: no servers are given", () => {
  expect(givenServers({ KEYCLOAK_ADMIN_PASSWORD: "x" })).toBeUndefined();
});

test("all of them: used as they are, without a slash at the end", () => {
  const servers = givenServers({ ...complete, KEYCLOAK_MANAGEMENT_URL: "http://127.0.0.1:9000" });
  expect(servers).toMatchObject({
    way: "given",
    keycloakUrl: "http://127.0.0.1:8080",
    managementUrl: "http://127.0.0.1:9000",
    keycloakAdmin: { username: "admin", password: "do-not-show" },
    databaseUrl: complete.DATABASE_URL,
  });
});

test("a part of them is refused, by name and without a value", () => {
  const { KEYCLOAK_ADMIN_USERNAME: _, ...partial } = complete;
  let message = "";
  try {
    givenServers({ ...partial, KEYCLOAK_URL: "" });
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain("not KEYCLOAK_URL, KEYCLOAK_ADMIN_USERNAME:");
  expect(message).not.toContain("do-not-show");
});

test.each([
  ["KEYCLOAK_URL", "keycloak:8080", "lacks http:// or https://"],
  ["KEYCLOAK_URL", "127.0.0.1:8080", "lacks http:// or https://"],
  ["KEYCLOAK_URL", "ftp://do-not-show", "not an http or https URL"],
  ["KEYCLOAK_MANAGEMENT_URL", "keycloak:9000", "lacks http:// or https://"],
  ["DATABASE_URL", "do-not-show", "DATABASE_URL is not a URL"],
  ["DATABASE_URL", "mysql://root:do-not-show@127.0.0.1/app", "names MySQL, and the gateway needs PostgreSQL"],
])("%s %s is refused before anything is called", (name, value, sentence) => {
  const given = () => givenServers({ ...complete, [name]: value });
  expect(given).toThrow(sentence);
  expect(given).toThrow(expect.not.objectContaining({ message: expect.stringContaining("do-not-show") }));
});
