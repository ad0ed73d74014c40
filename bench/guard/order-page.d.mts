export const orderPage: object;
