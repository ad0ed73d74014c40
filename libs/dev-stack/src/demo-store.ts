import { createDatabase, createRepositories } from "@libs/database";

/** The store that the orders service is tried with, and what it sells, in cents. */
export const DEMO_STORE = "demo";
const PRODUCTS = { tea: 450n, cup: 1299n, kettle: 3900n };

/**
 * Opens the store, unless people keep stores of their own in this database.
 * @returns whether it is there
 */
export async function openDemoStore(databaseUrl: string): Promise<boolean> {
  const database = createDatabase(databaseUrl, { poolSize: 1, applicationName: "dev-stack" });
  try {
    const stores = await database.store.findMany({ select: { id: true }, take: 2 });
    if (stores.length > 0) return stores.some(({ id }) => id === DEMO_STORE);
    await database.store.create({ data: { id: DEMO_STORE, name: "A store to try" } });
    const { products } = createRepositories(database);
    for (const [sku, unitPriceMinor] of Object.entries(PRODUCTS))
      await products.put({ storeId: DEMO_STORE, sku, currency: "EUR", name: sku, unitPriceMinor }, new Date());
    return true;
  } finally {
    await database.$disconnect();
  }
}
