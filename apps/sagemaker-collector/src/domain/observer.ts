import type { IntegrationId, IntegrationSettings, Observation, PollKind } from '@audital/contracts';
import type { Commit } from './secrets';

/** For whom, when and how it is looked. */
export interface Observer {
  integrationId: IntegrationId;
  settings: IntegrationSettings;
  /** By AWS's clock. */
  observedAt: string;
  captureMode: 'POLL' | 'BACKFILL';
  kind: PollKind;
  commit: Commit;
}

/** What every observation of ours has in common. */
export const observedBy = (
  observer: Observer,
): Pick<Observation, 'observedAt' | 'captureMode' | 'actor' | 'integrationId' | 'tags'> => ({
  observedAt: observer.observedAt,
  captureMode: observer.captureMode,
  actor: { type: 'SERVICE', id: 'sagemaker-collector' },
  integrationId: observer.integrationId,
  tags: [],
});
