/** Tries until it answers something other than null. Errors for which `passing` holds count as null; the rest ends the wait. */
export async function until<T>(
  attempt: () => Promise<T | null>,
  o: { deadlineMs: number; everyMs: number; passing: (error: unknown) => boolean; what: string },
): Promise<T> {
  const end = Date.now() + o.deadlineMs;
  let last: unknown = null;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== null) return result;
    } catch (error) {
      if (!o.passing(error)) throw error;
      last = error;
    }
    if (Date.now() > end) {
      const why = last instanceof Error ? ` The last error: ${last.message}` : '';
      throw new Error(`${o.what} did not happen within ${o.deadlineMs / 1000} s.${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, o.everyMs));
  }
}
