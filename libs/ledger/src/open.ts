import { Rejected } from '@audital/contracts';
import { EventStoreLedger } from './eventstore';
import type { Ledger } from './ledger';
import { SqliteLedger } from './sqlite';

export interface LedgerOptions {
  /** Prefixes of the streams that this service may write; the rest is refused here and in the store. */
  writes: readonly string[];
  /** Shown by a store that knows its connections. */
  connectionName?: string;
  /** Of a SQLite ledger: appends are made by a thread of their own, so that this one goes on while they become durable. */
  appendThread?: boolean;
}

/** `sqlite:/path/ledger.sqlite` or `esdb://…`. Throws Rejected for any other URL, Corrupt for a file that is no ledger. */
export async function openLedger(url: string, options: LedgerOptions): Promise<Ledger> {
  if (url.startsWith('sqlite:'))
    return SqliteLedger.open(url.slice('sqlite:'.length), options.writes, options.appendThread ?? false);
  if (/^esdb(\+discover)?:/.test(url)) return EventStoreLedger.open(url, options.writes, options.connectionName);
  throw new Rejected('LEDGER_URL', `LEDGER_URL is sqlite:/path/ledger.sqlite or esdb://…, not ${url.split(':')[0]}:….`);
}
