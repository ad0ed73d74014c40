import { expect, test } from "bun:test";
import { POSTGRES_MAJOR } from "../base/constants.ts";
import { silent } from "../base/report.ts";
import { postgresBinaries } from "./binaries.ts";
import { POSTGRES_RELEASES, postgresRelease } from "./releases.ts";

test("the default one is that of the dependencies", async () => {
  const { version, major } = await postgresBinaries({}, silent, POSTGRES_MAJOR);
  expect([major, version]).toEqual([POSTGRES_MAJOR, postgresRelease(POSTGRES_MAJOR)]);
});

test("each is named by its own major", () => {
  expect(Object.keys(POSTGRES_RELEASES)).toEqual(["14", "15", "16", "17", "18"]);
  for (const [major, version] of Object.entries(POSTGRES_RELEASES)) expect(version).toStartWith(`${major}.`);
});

test.each(["13", "18.4", "latest"])("%p is refused with what there is", (major) => {
  expect(() => postgresRelease(major)).toThrow(`no pinned PostgreSQL ${major}; there are 14, 15, 16, 17, 18`);
});
