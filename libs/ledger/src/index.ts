export { scavengeEventStore, setUpEventStore } from './eventstore-admin';
export type { Scavenged } from './eventstore-admin';
export { userOf } from './eventstore-rights';
export type { LedgerUser } from './eventstore-rights';
export { appendInOrder, binaryEvent, eventIdOf, jsonEvent, readAll } from './events';
export { handle, load } from './handle';
export type { Decider, Handled } from './handle';
export { NO_STREAM, StreamDeleted } from './ledger';
export type {
  AppendResult,
  FollowOptions,
  FollowTarget,
  Ledger,
  NewEvent,
  ReadOptions,
  StoredEvent,
  StreamAppend,
} from './ledger';
export { openLedger } from './open';
export type { LedgerOptions } from './open';
export { readRun, StoredEvents } from './stored-events';
export { LedgerWatch } from './watch';
export { whenThere } from './when-there';
