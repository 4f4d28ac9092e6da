import { hash } from 'node:crypto';
import { integrationId } from '@audital/testing';
import { applyChange, type Change, type Cursor, emptyCursor } from '../domain/cursor';
import type { JobSummary } from '../domain/jobs';
import type { Observer } from '../domain/observer';

export const NOW = '2026-03-02T12:00:00.000Z';
export const minutesAgo = (minutes: number): string => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
export const arn = (kind: string, name: string): string => `arn:aws:sagemaker:eu-west-2:123456789012:${kind}/${name}`;
export const observer: Observer = {
  integrationId: integrationId(),
  settings: {
    name: null,
    environment: null,
    syncInterval: 60,
    filters: { namePrefix: null, tags: {} },
    captureMetrics: true,
    captureHyperparameters: true,
    captureTrainingStarted: false,
    backfillDays: 0,
    modelIdentity: { tag: null },
  },
  observedAt: NOW,
  captureMode: 'POLL',
  kind: 'LIVE',
  commit: (value) => `committed:${hash('sha256', value)}`,
};
export const job = (name: string, status: string, createdMinutesAgo: number): JobSummary => ({
  arn: arn('training-job', name),
  name,
  status,
  createdAt: minutesAgo(createdMinutesAgo),
  endedAt: null,
});
export const SCOPE = { namePrefix: null, tags: {} };
/** Nothing enters: every poll but the first. */
export const later = (now: string) => ({ now, entering: () => false });
export const first = (now: string) => ({ now, entering: () => true });
export const after = (cursor: Cursor, changes: Change[]): Cursor => {
  for (const change of changes) applyChange(cursor, change);
  return cursor;
};
/** A cursor whose first poll was at this time. */
export const watching = (markedMinutesAgo: number): Cursor => {
  const at = minutesAgo(markedMinutesAgo);
  return after(emptyCursor(), [{ kind: 'mark', at, highWater: { training: at, processing: at }, scope: SCOPE }]);
};
