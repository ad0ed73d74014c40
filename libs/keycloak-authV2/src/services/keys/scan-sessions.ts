import type { SessionKeys, StoredTokenRepository } from "@libs/database";

const PAGE = 2_000;

/** All sessions that hold tokens, in pages: no statement takes long. */
export async function* scanSessions(
  storedTokens: Pick<StoredTokenRepository, "scan">,
  run: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): AsyncGenerator<SessionKeys[]> {
  let after: string | null = null;
  for (;;) {
    const from: string | null = after;
    const page: SessionKeys[] = await run(() => storedTokens.scan(from, PAGE));
    yield page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.sessionId;
  }
}
