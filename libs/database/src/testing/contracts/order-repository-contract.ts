import { describe, expect, test } from "bun:test";
import type { WriteKey } from "../../ports/cart-repository.ts";
import { fresh, LATER, LATEST, type MakeSubject, NOW } from "./contract-subject.ts";
import { openShop } from "./shop-fixture.ts";

const keyOf = (cartId: string, key = fresh("key")): WriteKey => ({
  scope: "checkout",
  key,
  fingerprint: cartId,
  expiresAt: LATEST,
});

/** What every OrderRepository does. */
export function orderRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: OrderRepository`, () => {
    test("an order has the cart's items and their total; the cart takes no more", async () => {
      const { carts, orders, ...subject } = await makeSubject();
      const { storeId, userId, openCart, put } = await openShop({ carts, orders, ...subject });
      const cartId = await openCart();
      await put(cartId, "tea", 3);
      await put(cartId, "cup", 2);
      const id = Bun.randomUUIDv7();
      expect(await orders.checkout({ cartId, orderId: id, now: LATER })).toEqual({ id, placed: true });
      expect(await orders.find(id)).toEqual({
        id,
        userId,
        storeId,
        cartId,
        currency: "EUR",
        totalMinor: 3948n,
        status: "placed",
        placedAt: LATER,
        items: [
          { sku: "cup", name: "A cup", quantity: 2, unitPriceMinor: 1299n },
          { sku: "tea", name: "A tea", quantity: 3, unitPriceMinor: 450n },
        ],
      });
      expect(await carts.find(cartId)).toMatchObject({ status: "ordered", updatedAt: LATER });
      expect(await put(cartId, "tea", 1)).toBe("not_open");
      expect(await put(cartId, "tea", 0)).toBe("not_open");
    });

    test("of many at once one places the order, all get the same", async () => {
      const subject = await makeSubject();
      const { userId, openCart, put } = await openShop(subject);
      const cartId = await openCart();
      await put(cartId, "tea", 1);
      const outcomes = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          subject.orders.checkout(
            { cartId, orderId: Bun.randomUUIDv7(), now: NOW },
            n % 2 ? keyOf(cartId, `${cartId}-${n % 3}`) : undefined,
          ),
        ),
      );
      const done = outcomes.filter((outcome) => typeof outcome !== "string");
      expect(done).toHaveLength(6);
      expect(new Set(done.map(({ id }) => id)).size).toBe(1);
      expect(done.filter(({ placed }) => placed)).toHaveLength(1);
      expect(await subject.orders.list({ userId }, { after: null, limit: 10 })).toHaveLength(1);
    });

    test("what is put while the cart is ordered is in the order, or refused", async () => {
      const subject = await makeSubject();
      const { openCart, put } = await openShop(subject);
      const cartId = await openCart();
      await put(cartId, "tea", 1);
      const [written, outcome] = await Promise.all([
        put(cartId, "cup", 1),
        subject.orders.checkout({ cartId, orderId: Bun.randomUUIDv7(), now: NOW }),
      ]);
      const order = typeof outcome === "string" ? null : await subject.orders.find(outcome.id);
      expect(order?.totalMinor).toBe(written === "written" ? 1749n : 450n);
      expect(order?.items).toHaveLength(written === "written" ? 2 : 1);
    });

    test("an empty cart and an unknown one are not ordered; a key that was refused is free again", async () => {
      const subject = await makeSubject();
      const { openCart, put } = await openShop(subject);
      const [cartId, other] = [await openCart(), await openCart()];
      const key = keyOf(cartId);
      const checkout = (cart: string, of: WriteKey) =>
        subject.orders.checkout({ cartId: cart, orderId: Bun.randomUUIDv7(), now: NOW }, of);
      expect(await checkout(Bun.randomUUIDv7(), keyOf("x"))).toBe("not_found");
      expect(await checkout(cartId, key)).toBe("empty");
      await put(cartId, "tea", 1);
      await put(other, "tea", 1);
      expect(await checkout(cartId, key)).toMatchObject({ placed: true });
      expect(await checkout(cartId, key)).toMatchObject({ placed: false });
      expect(await checkout(other, { ...key, fingerprint: other })).toBe("key_reused");
      expect((await subject.carts.find(other))?.status).toBe("open");
    });

    test("an order moves on from the states named, in its own store alone", async () => {
      const subject = await makeSubject();
      const { storeId, openCart, put } = await openShop(subject);
      const cartId = await openCart();
      await put(cartId, "tea", 1);
      const id = Bun.randomUUIDv7();
      await subject.orders.checkout({ cartId, orderId: id, now: NOW });
      const paid = { id, storeId, from: ["placed"], to: "paid", now: LATER } as const;
      expect(await subject.orders.move({ ...paid, storeId: fresh("store") })).toBe(false);
      expect(await subject.orders.move({ ...paid, id: Bun.randomUUIDv7() })).toBe(false);
      const moved = await Promise.all([subject.orders.move(paid), subject.orders.move(paid)]);
      expect(moved.filter(Boolean)).toHaveLength(1);
      expect((await subject.orders.find(id))?.status).toBe("paid");
    });

    test("lists newest first, in pages, of a person or of a store", async () => {
      const subject = await makeSubject();
      const { storeId, userId, openCart, put } = await openShop(subject);
      const ids: string[] = [];
      for (const now of [NOW, LATER, LATER, LATEST]) {
        const cartId = await openCart();
        await put(cartId, "gift", 1);
        const orderId = Bun.randomUUIDv7();
        await subject.orders.checkout({ cartId, orderId, now });
        ids.unshift(orderId);
      }
      for (const of of [{ userId }, { storeId }]) {
        const first = await subject.orders.list(of, { after: null, limit: 2 });
        const second = await subject.orders.list(of, { after: first.at(-1) ?? null, limit: 3 });
        expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
      }
      expect(await subject.orders.list({ userId: fresh("nobody") }, { after: null, limit: 9 })).toEqual([]);
      expect(await subject.orders.find(Bun.randomUUIDv7())).toBeNull();
    });
  });
}
