import { expect, test } from "bun:test";
import { isIncomplete } from "./feed-problems.ts";
import { problemTodos } from "./problem-board.ts";

test("work under way never takes replicas out of the rotation, a feed that is blind or late does where that is asked for", () => {
  const kinds = Object.keys(problemTodos);
  expect(kinds.filter((kind) => !isIncomplete(kind))).toEqual(["full_reconciliation_running", "reconcile_late"]);
});
