import { type ContractSubject, fresh, loginOf, NOW, profileOf } from "./contract-subject.ts";

/** A customer of a store that sells a few things. */
export interface Shop {
  storeId: string;
  userId: string;
  /** Opens a cart of the customer. @returns its id */
  openCart(currency?: string): Promise<string>;
  /** Adds to a cart. */
  put(cartId: string, sku: string, quantity: number): ReturnType<ContractSubject["carts"]["putItem"]>;
}

const PRICES = { tea: 450n, cup: 1299n, gift: 0n, ship: 9_007_199_254_740_991n };

export async function openShop(subject: ContractSubject): Promise<Shop> {
  const { carts, products, sessions, addStore } = subject;
  const storeId = fresh("store");
  await addStore(storeId);
  for (const [sku, unitPriceMinor] of Object.entries(PRICES))
    await products.put({ storeId, sku, currency: "EUR", name: `A ${sku}`, unitPriceMinor }, NOW);
  const userId = await customer(sessions, storeId);
  return {
    storeId,
    userId,
    openCart: async (currency = "EUR") => {
      const id = Bun.randomUUIDv7();
      const made = await carts.create({ id, userId, currency, now: NOW });
      if (typeof made === "string") throw new Error(made);
      return made.id;
    },
    put: (cartId, sku, quantity) => carts.putItem({ cartId, sku, quantity, maxItems: 3, now: NOW }),
  };
}

export async function customer(sessions: ContractSubject["sessions"], storeId: string | null): Promise<string> {
  const profile = profileOf();
  await sessions.recordLogin(loginOf({ profile, storeId }));
  return profile.id;
}
