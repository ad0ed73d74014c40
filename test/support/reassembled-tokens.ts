/** Tokens that are made of a genuine one's parts, or of none: nobody may accept any. */
export function reassembledTokens(genuine: string): string[] {
  const [header = "", payload = "", signature = ""] = genuine.split(".");
  return [
    `${payload}.${header}.${signature}`,
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `.${payload}.${signature}`,
    `${header}..${signature}`,
    `${genuine}.${signature}`,
    "garbage",
    "..",
    "a.b.c",
    `${genuine}AAAA`,
  ];
}
