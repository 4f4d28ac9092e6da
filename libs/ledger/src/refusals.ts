import { LIMITS, Rejected } from '@audital/contracts';
import type { NewEvent } from './ledger';

/** What every store refuses before it is asked: one text for all of them. */
export function refuseForeign(stream: string, writes: readonly string[]): void {
  if (writes.some((prefix) => stream.startsWith(prefix))) return;
  throw new Rejected(
    'LEDGER_FOREIGN_STREAM',
    `This service may not write ${stream}; it may write ${writes.join(', ') || 'nothing'}.`,
  );
}

export function checkAppend(stream: string, events: NewEvent[], writes: readonly string[]): void {
  refuseForeign(stream, writes);
  if (events.length === 0) throw new RangeError('An append has at least one event.');
  const bytes = events.reduce((sum, event) => sum + event.data.length + event.metadata.length, 0);
  if (bytes > LIMITS.appendBytesMax) {
    throw new Rejected(
      'LEDGER_APPEND_TOO_LARGE',
      `An append of ${bytes} bytes is too large: at most ${LIMITS.appendBytesMax} are taken at once.`,
    );
  }
}

export function checkTrim(stream: string, writes: readonly string[]): void {
  refuseForeign(stream, writes);
  if (/^(cursor|checkpoint)-/.test(stream)) return;
  throw new Rejected('LEDGER_TRIM_REFUSED', `${stream} is evidence: only cursor and checkpoint streams are trimmed.`);
}

export function checkTombstone(stream: string, writes: readonly string[]): void {
  refuseForeign(stream, writes);
  if (stream.startsWith('payload-')) return;
  throw new Rejected('LEDGER_TOMBSTONE_REFUSED', `${stream} is evidence: only payload segments are deleted.`);
}
