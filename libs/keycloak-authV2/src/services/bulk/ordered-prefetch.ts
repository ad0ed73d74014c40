/**
 * Does the work of the next items while the results of earlier ones are used, and gives the results in order.
 * @param depth how many are begun ahead; 0: each is begun when it is asked for
 */
export async function* orderedPrefetch<Item, Result>(
  items: AsyncIterator<Item, unknown>,
  depth: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<{ result: Result } | null>[] = [];
  const begin = () => {
    const next = items.next().then(async (step) => (step.done ? null : { result: await work(step.value) }));
    next.catch(() => {});
    begun.push(next);
  };
  try {
    if (depth < 1) {
      for (let step = await items.next(); !step.done; step = await items.next()) yield await work(step.value);
      return;
    }
    while (begun.length < depth) begin();
    for (let first = begun.shift(); first; first = begun.shift()) {
      const done = await first;
      if (!done) return;
      begin();
      yield done.result;
    }
  } finally {
    // Nothing goes on behind the back of who stopped here.
    await Promise.allSettled(begun);
    await items.return?.();
  }
}
