/** Every password, one-time password and token that the tests of this process used: none may turn up anywhere else. */
const seen = new Set<string>();

export function recordSecret(...secrets: (string | undefined)[]): void {
  for (const secret of secrets) if (secret && secret.length >= 8) seen.add(secret);
}

export function secretsSeen(): string[] {
  return [...seen];
}

/**
 * What a text gives away.
 * @returns how many of the secrets occur in it; a token counts by its signature too, should only a part be there
 */
export function secretsIn(text: string, secrets: Iterable<string> = seen): string[] {
  const found: string[] = [];
  for (const secret of secrets) {
    const signature = /^[\w-]+\.[\w-]+\.([\w-]{40,})$/.exec(secret)?.[1];
    const parts = signature ? [secret, signature] : [secret];
    if (parts.some((part) => text.includes(part))) found.push(`${secret.slice(0, 4)}… (${secret.length} characters)`);
  }
  return found;
}
