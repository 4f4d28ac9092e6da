import { createHash } from 'node:crypto';
import { type Idempotency, Rejected } from '@audital/contracts';

/** Null without a key. The digest does not depend on the order of members. */
export const idempotencyOf = (key: string | null, request: unknown): Idempotency | null =>
  key === null ? null : { key, digest: createHash('sha256').update(ordered(request)).digest('hex') };

/** What was made with the same key before. Throws Rejected when it was made from another request. */
export function repeated<Made extends { idempotency?: Idempotency }>(
  idempotency: Idempotency | null,
  made: readonly Made[],
): Made | null {
  const before = idempotency && made.find((one) => one.idempotency?.key === idempotency.key);
  if (!before) return null;
  if (before.idempotency?.digest === idempotency.digest) return before;
  throw new Rejected(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key came with another request before: use a new key for a new request.',
  );
}

const ordered = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
