/**
 * The results of `make(start) … make(end - 1)` in order. Up to `ahead` of them are in the making while the consumer has
 * one; making starts with the first request. A consumer that leaves early waits for those that are under way.
 */
export async function* prefetched<T>(
  start: number,
  end: number,
  ahead: number,
  make: (index: number) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const queue: Promise<T>[] = [];
  let next = start;
  const fill = (length: number) => {
    while (next < end && queue.length < length) {
      const made = make(next++);
      // A failure counts when its turn comes, not before.
      made.catch(() => {});
      queue.push(made);
    }
  };
  try {
    for (let index = start; index < end; index++) {
      fill(1);
      const current = queue.shift()!;
      fill(ahead);
      yield await current;
    }
  } finally {
    await Promise.allSettled(queue);
  }
}
