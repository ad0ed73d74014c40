import { describe, expect, test } from "bun:test";
import type { WriteKey } from "../../ports/cart-repository.ts";
import { fresh, LATER, LATEST, type MakeSubject, NOW } from "./contract-subject.ts";
import { customer, openShop } from "./shop-fixture.ts";

const keyOf = (change: Partial<WriteKey> = {}): WriteKey => ({
  scope: "test",
  key: fresh("key"),
  fingerprint: "EUR",
  expiresAt: LATEST,
  ...change,
});

/** What every CartRepository, and the ProductRepository behind it, does. */
export function cartRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: CartRepository`, () => {
    test("a cart is opened in the user's store, empty", async () => {
      const subject = await makeSubject();
      const { storeId, userId, openCart } = await openShop(subject);
      const id = await openCart();
      expect(await subject.carts.find(id)).toEqual({
        id,
        userId,
        storeId,
        currency: "EUR",
        status: "open",
        createdAt: NOW,
        updatedAt: NOW,
        items: [],
      });
      expect(await subject.carts.find(Bun.randomUUIDv7())).toBeNull();
    });

    test("who has no store, or is not known, has no cart; the key stays free", async () => {
      const { carts, sessions } = await makeSubject();
      const key = keyOf();
      for (const userId of [await customer(sessions, null), fresh("nobody"), fresh("nobody")]) {
        expect(await carts.create({ id: Bun.randomUUIDv7(), userId, currency: "EUR", now: NOW }, key)).toBe("no_store");
      }
    });

    test("under one key a cart is opened once, however many ask at once", async () => {
      const subject = await makeSubject();
      const { userId } = await openShop(subject);
      const key = keyOf();
      const open = (change: Partial<WriteKey> = {}, now = NOW) =>
        subject.carts.create({ id: Bun.randomUUIDv7(), userId, currency: "EUR", now }, { ...key, ...change });
      const made = await Promise.all([open(), open(), open(), open()]);
      expect(new Set(made.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
      expect(await open({}, LATER)).toEqual(made[0] as { id: string });
      expect(await open({ fingerprint: "USD" })).toBe("key_reused");
      expect(await open({ scope: fresh("scope") })).not.toEqual(made[0] as { id: string });
      expect(await open({ fingerprint: "USD" }, new Date(LATEST.getTime() + 1))).toMatchObject({
        id: expect.any(String),
      });
    });

    test("items have the store's price, are set rather than added, and go away with 0", async () => {
      const subject = await makeSubject();
      const { openCart, put } = await openShop(subject);
      const id = await openCart();
      for (const [sku, quantity] of [
        ["tea", 1],
        ["cup", 2],
        ["tea", 3],
        ["gift", 1],
        ["gift", 0],
        ["none", 0],
      ] as const)
        expect(await put(id, sku, quantity)).toBe("written");
      const cart = await subject.carts.find(id);
      expect(cart?.items).toEqual([
        { sku: "cup", name: "A cup", quantity: 2, unitPriceMinor: 1299n },
        { sku: "tea", name: "A tea", quantity: 3, unitPriceMinor: 450n },
      ]);
    });

    test("a price that changes later changes no cart, until the item is put again", async () => {
      const subject = await makeSubject();
      const { storeId, openCart, put } = await openShop(subject);
      const id = await openCart();
      await put(id, "tea", 1);
      await subject.products.put({ storeId, sku: "tea", currency: "EUR", name: "Tea", unitPriceMinor: 500n }, LATER);
      expect((await subject.carts.find(id))?.items[0]?.unitPriceMinor).toBe(450n);
      await put(id, "tea", 1);
      expect((await subject.carts.find(id))?.items[0]).toMatchObject({ name: "Tea", unitPriceMinor: 500n });
    });

    test("refused, and nothing written: no such cart, no such product, too many items, a total beyond 2^53 - 1", async () => {
      const subject = await makeSubject();
      const { openCart, put } = await openShop(subject);
      expect(await put(Bun.randomUUIDv7(), "tea", 1)).toBe("not_found");
      const id = await openCart();
      expect(await put(id, "none", 1)).toBe("product_unknown");
      expect(await put(await openCart("USD"), "tea", 1)).toBe("product_unknown");
      expect(await put(id, "ship", 2)).toBe("total_too_large");
      expect(await put(id, "ship", 1)).toBe("written");
      expect(await put(id, "gift", 1000)).toBe("written");
      expect(await put(id, "tea", 1)).toBe("total_too_large");
      expect(await put(id, "ship", 0)).toBe("written");
      expect(await put(id, "tea", 1)).toBe("written");
      expect(await put(id, "cup", 1)).toBe("written");
      expect(await put(id, "ship", 1)).toBe("too_many_items");
      expect((await subject.carts.find(id))?.items.map(({ sku }) => sku)).toEqual(["cup", "gift", "tea"]);
    });

    test("changes at once stay within the limits together", async () => {
      const subject = await makeSubject();
      const { openCart, put } = await openShop(subject);
      const id = await openCart();
      const outcomes = await Promise.all(["ship", "tea", "cup"].map((sku) => put(id, sku, 1)));
      expect(outcomes).toContain("total_too_large");
      const cart = await subject.carts.find(id);
      const total = (cart?.items ?? []).reduce((sum, item) => sum + item.unitPriceMinor, 0n);
      expect(total <= BigInt(Number.MAX_SAFE_INTEGER)).toBeTrue();
    });
  });

  describe(`${name}: ProductRepository`, () => {
    test("lists what a store sells by sku, in pages; only a store that is there sells", async () => {
      const subject = await makeSubject();
      const { storeId } = await openShop(subject);
      const page = { storeId, currency: "EUR", limit: 2 };
      const first = await subject.products.list({ ...page, afterSku: null });
      expect(first.map(({ sku }) => sku)).toEqual(["cup", "gift"]);
      expect((await subject.products.list({ ...page, afterSku: "gift" })).map(({ sku }) => sku)).toEqual([
        "ship",
        "tea",
      ]);
      expect(await subject.products.list({ ...page, currency: "USD", afterSku: null })).toEqual([]);
      expect(first[0]).toEqual({ storeId, sku: "cup", currency: "EUR", name: "A cup", unitPriceMinor: 1299n });
      const elsewhere = { ...(first[0] as (typeof first)[0]), storeId: fresh("nowhere") };
      expect(await subject.products.put(elsewhere, NOW)).toBe("store_unknown");
    });
  });
}
