import { expect, test } from "bun:test";
import * as guard from "@libs/auth-guard";
import { createTestAuth } from "@libs/auth-guard/testing";
import * as problems from "@libs/problems";
import * as errors from "../errors/index.ts";
import * as testing from "../testing/index.ts";
import * as elysia from "./index.ts";

test("the guard, its test kit and the errors are found where the guide has them, too", () => {
  expect(elysia.keycloakAuth).toBe(guard.keycloakAuth);
  expect(Object.keys(elysia)).toEqual(Object.keys(guard));
  expect(testing.createTestAuth).toBe(createTestAuth);
  expect(Object.keys(errors)).toEqual(Object.keys(problems));
});
