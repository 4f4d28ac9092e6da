import type { Item } from '../domain/collection';
import type { Call } from './operation';

/** Reads are eventually consistent: which answer comes depends on the replica that gives it. */

/** Whether Describe knows a resource yet. */
export const isDescribed = (call: Call, item: Item): boolean =>
  item.createdAt + call.account.limits.describeDelayMs <= call.now;

/** A job as a list shows it, which may have missed its end. */
export function asListed<T extends { endedAt: number | null; createdAt: number; modifiedAt: number; status: string }>(
  call: Call,
  job: T,
): T {
  const isMissed = job.endedAt !== null && job.endedAt + call.account.limits.staleListMs > call.now;
  return isMissed ? { ...job, status: 'InProgress', endedAt: null, modifiedAt: job.createdAt } : job;
}
