/** JSON of what the libraries give; amounts are whole numbers of any size. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? amount(inner) : inner), indent);
}

const amount = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
