import { basename, join } from 'node:path';
import { type FollowTarget, type Ledger, openLedger, type StoredEvent } from '@audital/ledger';

/** Null: tests keep their ledgers in files. Else the EventStoreDB that they keep them in, each in streams of its own. */
export const eventStoreUrl = (): string | null => process.env['EVENTSTORE_URL'] || null;

/** False where the tests' ledger is no file that could be changed from outside: what needs one is not run there. */
export const isSqliteTested = (): boolean => eventStoreUrl() === null;

/** The ledger of a test's folder: a file in it or, with EVENTSTORE_URL, streams of its own on that server. */
export async function openTestLedger(folder: string, writes: readonly string[], appendThread = true): Promise<Ledger> {
  const url = eventStoreUrl();
  if (url === null) return openLedger(`sqlite:${join(folder, 'ledger.sqlite')}`, { writes, appendThread });
  return ofItsOwn(await openLedger(url, { writes }), `${basename(folder).replace(/[^A-Za-z0-9]/g, '')}-`);
}

/** A corner of a shared ledger: `chain-org_a` is `chain-<tag>org_a` there. */
function ofItsOwn(ledger: Ledger, tag: string): Ledger {
  const there = (name: string): string => name.replace(/^[a-z]+-/, (category) => category + tag);
  const here = (name: string): string => name.replace(tag, '');
  const back = (event: StoredEvent): StoredEvent => ({ ...event, stream: here(event.stream) });
  const from = (target: FollowTarget): FollowTarget =>
    'stream' in target ? { ...target, stream: there(target.stream) } : { ...target, category: there(target.category) };
  return {
    append: (stream, ...rest) => ledger.append(there(stream), ...rest),
    read: async (stream, options) => (await ledger.read(there(stream), options)).map(back),
    lastRevision: (stream) => ledger.lastRevision(there(stream)),
    follow: (target, handle, options) => ledger.follow(from(target), (event) => handle(back(event)), options),
    trim: (stream, beforeRevision) => ledger.trim(there(stream), beforeRevision),
    tombstone: (stream) => ledger.tombstone(there(stream)),
    close: () => ledger.close(),
  };
}
