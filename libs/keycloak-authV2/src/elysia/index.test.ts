import { expect, test } from "bun:test";
import * as guard from "@libs/auth-guard";
import { createTestAuth } from "@libs/auth-guard/testing";
import * as problems from "@libs/problems";
import * as errors from "../errors/index.ts";
import * as testing from "../testing/index.ts";
import * as elysia from "./index.ts";

test("the guard, its test kit and the errors are found where the guide has them, too", () => {
  expect(elysia.keycloakAuth).toBe(guard.keycloakAuth);
  expect(elysia).toMatchObject({
    openGuard: guard.openGuard,
    assertGuarded: guard.assertGuarded,
    guardFirst: guard.guardFirst,
    pathParam: guard.pathParam,
    realmRole: guard.realmRole,
    bearerAuth: guard.bearerAuth,
  });
  expect(testing.createTestAuth).toBe(createTestAuth);
  expect(errors).toMatchObject({ AuthError: problems.AuthError, catalogue: problems.catalogue });
});
