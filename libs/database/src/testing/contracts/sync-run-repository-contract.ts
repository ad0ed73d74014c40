import { describe, expect, test } from "bun:test";
import { LATER, LATEST, type MakeSubject, NOW } from "./contract-subject.ts";

/** What every SyncRunRepository does. */
export function syncRunRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: SyncRunRepository`, () => {
    test("a run that is under way is gone on with where it was, until it ends", async () => {
      const { syncRuns } = await makeSubject();
      const first = await syncRuns.begin("verify", NOW);
      expect(first).toMatchObject({ kind: "verify", position: {}, counts: {}, startedAt: NOW });
      await syncRuns.save(first.id, { first: 500 }, { seen: 500, missing: 2 }, LATER);
      const again = await syncRuns.begin("verify", LATEST);
      expect(again).toEqual({ ...first, position: { first: 500 }, counts: { seen: 500, missing: 2 } });
      expect(await syncRuns.findRunning("verify")).toEqual(again);
      await syncRuns.finish(first.id, null, LATEST);
      expect(await syncRuns.findRunning("verify")).toBeNull();
      const next = await syncRuns.begin("verify", LATEST);
      expect(next.id).not.toBe(first.id);
      await syncRuns.finish(next.id, "keycloak.unavailable", LATEST);
      expect(await syncRuns.findRunning("verify")).toBeNull();
    });
  });
}
