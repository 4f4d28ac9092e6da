/** Waits until the condition holds (it may throw meanwhile), and says what was missing when the deadline has passed. */
export async function eventually<T>(
  condition: () => Promise<T> | T,
  o: { deadlineMs?: number; what: string },
): Promise<NonNullable<T>> {
  const end = Date.now() + (o.deadlineMs ?? 10_000);
  let last: unknown = null;
  for (;;) {
    try {
      const result = await condition();
      if (result) return result;
      last = null;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${o.what} did not happen in time.`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Mulberry32: the same seed, the same numbers from 0 to 1, everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
