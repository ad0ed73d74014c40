/** Every password, one-time password and token that the tests of this process used: none may turn up anywhere else. */
const seen = new Set<string>();

export function recordSecret(...secrets: (string | undefined)[]): void {
  for (const secret of secrets) if (secret && secret.length >= 8) seen.add(secret);
}

export function secretsSeen(): string[] {
  return [...seen];
}

/** As long as the shortest secret: all are looked for by their ends, which differ where their beginnings are alike. */
const END = 8;

/**
 * What a text gives away. One pass over the text, however many secrets there are.
 * @returns those of the secrets that occur in it; a token counts by its signature too, should only a part be there
 */
export function secretsIn(text: string, secrets: Iterable<string> = seen): string[] {
  const byEnd = Map.groupBy([...secrets].flatMap(partsOf), ({ part }) => hashOfEnd(part));
  const found = new Set<string>();
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    hash = append(hash, text.charCodeAt(at));
    for (const { part, secret } of byEnd.get(hash) ?? []) {
      if (text.startsWith(part, at + 1 - part.length)) found.add(secret);
    }
  }
  return [...found].map((secret) => `${secret.slice(0, 4)}… (${secret.length} characters)`);
}

function partsOf(secret: string): { part: string; secret: string }[] {
  const signature = /^[\w-]+\.[\w-]+\.([\w-]{40,})$/.exec(secret)?.[1];
  return (signature ? [secret, signature] : [secret]).map((part) => ({ part, secret }));
}

function hashOfEnd(part: string): number {
  let hash = 0;
  for (let at = part.length - END; at < part.length; at++) hash = append(hash, part.charCodeAt(at));
  return hash;
}

/** 32 bits, four for each step: what is more than {@link END} characters ago has left. */
const append = (hash: number, code: number) => (hash << 4) ^ code;
