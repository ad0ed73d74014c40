/** `bun run soak`: the long form of each guarantee, whose figures are reported. `bun run test` runs the short form. */
export const longForm = process.env.SOAK === "1";

/** How often, or how many. */
export const amount = (short: number, long: number): number => (longForm ? long : short);
