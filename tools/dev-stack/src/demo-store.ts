import { createDatabase } from "@libs/database";

/** The store that the orders service is tried with, and what it sells, in cents. */
export const DEMO_STORE = "demo";
const PRICES = { tea: 450n, cup: 1299n, kettle: 3900n };

/**
 * Opens the store, unless people keep stores of their own in this database.
 * @returns whether it is there
 */
export async function openDemoStore(databaseUrl: string): Promise<boolean> {
  const database = createDatabase(databaseUrl, { poolSize: 1, applicationName: "dev-stack" });
  try {
    if (await database.store.findUnique({ where: { id: DEMO_STORE } })) return true;
    if (await database.store.findFirst()) return false;
    const products = Object.entries(PRICES).map(([sku, unitPriceMinor]) => {
      return { sku, currency: "EUR", name: sku, unitPriceMinor };
    });
    await database.store.create({
      data: { id: DEMO_STORE, name: "A store to try", products: { create: products } },
    });
    return true;
  } finally {
    await database.$disconnect();
  }
}
