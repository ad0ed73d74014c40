CREATE TABLE "products" (
    "store_id" TEXT NOT NULL,
    "sku" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "name" TEXT NOT NULL,
    "unit_price_minor" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "products_pkey" PRIMARY KEY ("store_id", "sku", "currency")
);

ALTER TABLE "products" ADD CONSTRAINT "products_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "stores"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Pages of a store's orders.
DROP INDEX "orders_store_id_idx";
CREATE INDEX "orders_store_id_placed_at_idx" ON "orders"("store_id", "placed_at");

-- By hand: what Prisma's language cannot say. Amounts stay within what JSON carries without loss (2^53 - 1).
ALTER TABLE "products" ADD CONSTRAINT "products_currency_check" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "products" ADD CONSTRAINT "products_unit_price_check" CHECK ("unit_price_minor" BETWEEN 0 AND 9007199254740991);
