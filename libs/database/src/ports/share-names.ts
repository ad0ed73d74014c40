/** A user of a batch whose row is about to be written, and who holds the names that it is to get. */
export interface NamedWrite {
  id: string;
  /** Lower case, as the database compares. */
  username: string;
  email: string | null;
  /** The live row that has the name now, its own included. */
  usernameHolder: string | null;
  emailHolder: string | null;
}

export interface SharedNames {
  /** Those that can't be written: another row has the name and keeps it. */
  collisions: Set<string>;
  /** Rows that have to give up their names before any is written: another of the batch gets one. */
  givers: Set<string>;
}

/**
 * Decides which of a batch can be written together, swaps and rotations of names included. Of two that want one name,
 * the one that has it gets it, else the first.
 */
export function shareNames(writes: readonly NamedWrite[]): SharedNames {
  const claims = (["username", "email"] as const).map((kind) => claimsOf(writes, kind));
  const losers = claims.flatMap(({ wanted, winners }) =>
    wanted.filter(({ name, id }) => winners.get(name) !== id).map(({ id }) => id),
  );
  const collisions = new Set(losers);
  const held = claims.flatMap(({ wanted, winners }) =>
    wanted.flatMap(({ id, name, holder }) =>
      holder !== null && holder !== id && winners.get(name) === id ? [{ id, holder }] : [],
    ),
  );
  // One that stays keeps its names, which may stop the next: until nothing more changes.
  const writable = new Set(writes.map(({ id }) => id));
  for (let before = -1; before !== collisions.size; ) {
    before = collisions.size;
    for (const { id, holder } of held) if (!writable.has(holder) || collisions.has(holder)) collisions.add(id);
  }
  const givers = new Set(held.filter(({ id }) => !collisions.has(id)).map(({ holder }) => holder));
  return { collisions, givers };
}

function claimsOf(writes: readonly NamedWrite[], kind: "username" | "email") {
  const wanted = writes.flatMap((write) => {
    const name = write[kind];
    return name === null ? [] : [{ id: write.id, name, holder: write[`${kind}Holder`] }];
  });
  const winners = new Map<string, string>();
  for (const { id, name, holder } of wanted) if (!winners.has(name) || holder === id) winners.set(name, id);
  return { wanted, winners };
}
