import { describe, expect, test } from "bun:test";
import { fresh, type MakeSubject } from "./contract-subject.ts";

/** What every BusinessRepository does. */
export function businessRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: BusinessRepository`, () => {
    test("knows what is there; what was not asked for counts as known", async () => {
      const { business, addStore, addOrganization } = await makeSubject();
      const [storeId, organizationId] = [fresh("store"), fresh("organization")];
      await addStore(storeId);
      await addOrganization(organizationId);
      expect(await business.knows({})).toEqual({ store: true, organization: true });
      expect(await business.knows({ storeId: null, organizationId: null })).toEqual({
        store: true,
        organization: true,
      });
      expect(await business.knows({ storeId, organizationId })).toEqual({ store: true, organization: true });
      expect(await business.knows({ storeId: organizationId })).toEqual({ store: false, organization: true });
      expect(await business.knows({ storeId, organizationId: storeId })).toEqual({ store: true, organization: false });
      expect(await business.knows({ storeId: "'; --", organizationId: "" })).toEqual({
        store: false,
        organization: false,
      });
    });
  });
}
