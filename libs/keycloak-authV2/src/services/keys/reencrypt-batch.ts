import type { StoredTokenRepository, StoredTokens } from "@libs/database";
import { isAuthError } from "@libs/problems";
import { keyIdOf, type TokenCipher } from "../../crypto/index.ts";

export interface BatchOutcome {
  moved: string[];
  leftOut: string[];
  /** Sessions with a value that does not open. */
  undecryptable: string[];
}

/** Reads some sessions and stores their tokens under the ring's first key, where they are still the same. */
export async function reencryptBatch(
  storedTokens: Pick<StoredTokenRepository, "read" | "replaceUnchanged">,
  cipher: TokenCipher,
  firstKeyId: string,
  sessionIds: readonly string[],
): Promise<BatchOutcome> {
  const undecryptable: string[] = [];
  const changes = (await storedTokens.read(sessionIds)).flatMap((before) => {
    const { after, opened } = reencrypted(cipher, firstKeyId, before);
    if (!opened) undecryptable.push(before.sessionId);
    return after ? [{ before, after }] : [];
  });
  const moved = await storedTokens.replaceUnchanged(changes);
  const leftOut = changes.map(({ before }) => before.sessionId).filter((id) => !moved.includes(id));
  return { moved, leftOut, undecryptable };
}

const COLUMNS = { accessToken: "access_token", refreshToken: "refresh_token", idToken: "id_token" } as const;

/** @returns `after` undefined where nothing is to be stored; `opened` false when a value stays under its old key */
function reencrypted(cipher: TokenCipher, firstKeyId: string, before: StoredTokens) {
  const { sessionId } = before;
  const after = { ...before };
  let [opened, changed] = [true, false];
  for (const field of Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]) {
    const value = before[field];
    if (value === null || keyIdOf(value) === firstKeyId) continue;
    const place = { sessionId, column: COLUMNS[field] };
    try {
      after[field] = cipher.encrypt(cipher.decrypt(value, place), place);
      changed = true;
    } catch (error) {
      if (!isAuthError(error, "token.undecryptable")) throw error;
      opened = false;
    }
  }
  return { after: changed ? after : undefined, opened };
}
