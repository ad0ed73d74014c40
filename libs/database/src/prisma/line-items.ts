/** Items as rows of a cart or an order are read. */
export const WITH_ITEMS = {
  items: {
    select: { sku: true, name: true, quantity: true, unitPriceMinor: true },
    orderBy: { sku: "asc" },
  },
} as const;
