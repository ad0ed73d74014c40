/** What every side answers. */
export const orderPage = {
  orders: [{ id: "01JD8Z0V5Y3J9", storeId: "store-1", currency: "EUR", totalMinor: 2199, items: 3 }],
  nextCursor: null,
};
