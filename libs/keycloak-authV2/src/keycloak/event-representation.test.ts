import { expect, test } from "bun:test";
import { readAdminEvents } from "./event-representation.ts";

const pathOf = (operationType: string, resourcePath: string) =>
  readAdminEvents([{ id: "e", time: 1, operationType, resourceType: "USER", resourcePath }])[0]?.resourcePath;

test.each([
  // As recorded of 26.2.5, 26.3.5 and 26.4.7.
  ["CREATE", "users//a1", "users/a1"],
  ["CREATE", "components//c1", "components/c1"],
  ["CREATE", "organizations/o1/members//u1", "organizations/o1/members/u1"],
  ["CREATE", "users/a1", "users/a1"],
  // Ids may hold slashes: a partial import keeps them.
  ["UPDATE", "users/a//b", "users/a//b"],
  ["DELETE", "users//b", "users//b"],
])("the path of %s %s is %s", (operation, path, expected) => {
  expect(pathOf(operation, path)).toBe(expected);
});
