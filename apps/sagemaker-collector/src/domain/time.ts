/** RFC 3339 in UTC with milliseconds; null stays null. */
export const rfc3339 = (date: Date | null | undefined): string | null => (date ? date.toISOString() : null);

export const OVERLAP_MS = 15 * 60_000;

/** `ms` before `time`. */
export const minus = (time: string, ms: number): string => new Date(Date.parse(time) - ms).toISOString();

export const msBetween = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** `ms` after `time`. */
export const plus = (time: string, ms: number): string => minus(time, -ms);
