import type { Observation, OrganisationId } from '@audital/contracts';
import type { KeptCheckpoint } from './adapters/checkpoint-store';

/** What the writer tells the world; both may fail without holding up the chain. */
export interface WriterOutlets {
  /** Stored in dead.> before the message is acknowledged. */
  bury: (organisationId: OrganisationId, observation: Observation, reason: string) => Promise<void>;
  checkpointPublished: (organisationId: OrganisationId, checkpoint: KeptCheckpoint) => void;
  onSealed: (records: number, batchSize: number, seconds: number) => void;
  onDropped: (organisationId: OrganisationId, reason: string) => void;
  onStopped: (organisationId: OrganisationId, error: Error) => void;
  /** A stopped chain goes on. */
  onResumed: (organisationId: OrganisationId) => void;
}

export interface WriterSettings {
  checkpointDelayMs: number;
  now: () => Date;
}
