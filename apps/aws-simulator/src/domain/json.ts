export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Members that are null are left out, as AWS leaves out what is not set. */
export function present(members: Record<string, Json | undefined>): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(members)) if (value !== null && value !== undefined) kept[key] = value;
  return kept;
}

/** The wire form of a time: epoch seconds with milliseconds as decimals. */
export const seconds = (ms: number): number => ms / 1000;

export const secondsOrNull = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
