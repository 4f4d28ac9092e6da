import { createHmac, randomBytes } from 'node:crypto';
import {
  type CursorChange,
  type CursorMoved,
  decodeJson,
  evolveIntegration,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  ledgerStreams,
  type PollEnded,
  type PollKind,
  subjects,
} from '@audital/contracts';
import { type Ledger, NO_STREAM, readAll } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Logger } from '@audital/service';
import type { AwsAccount } from './adapters/aws-account';
import type { AwsAccounts } from './adapters/aws-accounts';
import { type AwsFailure, failureOf } from './adapters/aws-errors';
import type { Cursor } from './domain/cursor';
import type { Detected } from './domain/detected';
import type { Observer } from './domain/observer';
import { outgoing } from './domain/outgoing';
import { toParts } from './domain/parts';
import type { Commit } from './domain/secrets';

export interface PollPorts {
  ledger: Ledger;
  bus: Bus;
  accounts: AwsAccounts;
  log: Logger;
  partitionOf: (organisationId: string) => number;
  now: () => Date;
}

/** What one pass over an account needs and gathers. */
export interface Pass {
  aws: AwsAccount;
  /** Of the live polls, whatever the kind of this one. */
  cursor: Cursor;
  integration: Integration;
  observer: Observer;
  /** The end of the frozen window, by AWS's clock. */
  to: string;
  /** No poll before this one, or none with these filters. */
  entering: boolean;
  detected: Detected[];
  /** Tells what was detected so far, once it is much: a death in a long pass costs what came since, not all of it. */
  tellSoFar: (atLeast?: number) => Promise<void>;
  items: number;
  pages: number;
}

export function beginPass(aws: AwsAccount, cursor: Cursor, integration: Integration, kind: PollKind = 'LIVE'): Pass {
  const salt = randomBytes(32);
  const commit = (value: string): string =>
    `committed:hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`;
  const { integrationId, settings } = integration;
  const captureMode = kind === 'BACKFILL' ? 'BACKFILL' : 'POLL';
  const to = aws.now;
  const observer = { integrationId, settings, observedAt: to, captureMode, kind, commit } as const;
  const tellSoFar = (): Promise<void> => Promise.resolve();
  return { aws, cursor, integration, observer, to, entering: false, detected: [], tellSoFar, items: 0, pages: 0 };
}

/** EXPIRED: credentials were dropped and taken anew once already. */
const ENDED_BY: Partial<Record<AwsFailure, PollEnded['outcome']>> = {
  THROTTLED: 'THROTTLED',
  DENIED: 'ACCESS_LOST',
  EXPIRED: 'ACCESS_LOST',
  AWAY: 'AWS_UNAVAILABLE',
};

export const outcomeOf = (error: unknown): PollEnded['outcome'] => ENDED_BY[failureOf(error)] ?? 'FAILED';

/**
 * Publishes what was detected with the changes that it justifies, and answers how many cursor events that makes. Nothing leaves by another
 * way, so here is where no secret may pass.
 */
export async function publish(
  ports: PollPorts,
  o: {
    integration: Integration;
    detected: { observations: Detected['observations']; changes: CursorChange[] }[];
    cursor: { stream: string; revision: number };
    commit: Commit;
  },
): Promise<number> {
  const { organisationId } = o.integration;
  const detected = o.detected.map(({ observations, changes }) => ({
    observations: observations.map((one) => ({ ...one, payload: outgoing(one.payload, o.commit) })),
    changes,
  }));
  const parts = toParts(detected, o.integration, o.cursor);
  const subject = subjects.sealWork(ports.partitionOf(organisationId), organisationId);
  const now = ports.now().getTime();
  for (const part of parts)
    await ports.bus.publish(subject, part, {
      messageId: `${part.cursor?.stream}@${part.cursor?.expectedRevision}:${now}:${randomBytes(4).toString('hex')}`,
    });
  return parts.length;
}

export type Ended = Pick<
  PollEnded,
  'outcome' | 'reason' | 'windowFrom' | 'windowTo' | 'markedAt' | 'observations' | 'pages' | 'items' | 'askAgainInMs'
> & { kind: PollKind; startedAt: string };

export async function tellEnd(
  ports: PollPorts,
  integration: Integration,
  o: Ended & { aws: AwsAccount | null },
): Promise<void> {
  const { organisationId, integrationId } = integration;
  const { aws, ...ended } = o;
  const endedAtLocal = ports.now().toISOString();
  const body: PollEnded = {
    v: 1,
    organisationId,
    integrationId,
    ...ended,
    endedAt: aws?.heard ? aws.now : endedAtLocal,
    endedAtLocal,
    calls: aws?.counts.calls ?? {},
    throttles: aws?.counts.throttles ?? 0,
  };
  const messageId = `${integrationId}:${o.kind}:${endedAtLocal}`;
  await ports.bus.publish(subjects.pollEnded(integrationId), body, { messageId });
}

export function logEnd(log: Logger, integrationId: IntegrationId, end: { outcome: string; error: Error }): void {
  if (end.outcome === 'FAILED') log.error({ integrationId, err: end.error }, 'a poll failed');
  else log.warn({ integrationId, outcome: end.outcome, reason: end.error.message }, 'a poll could not look');
}

export async function loadIntegration(ledger: Ledger, id: IntegrationId): Promise<Integration | null> {
  let state: Integration | null = null;
  for await (const stored of readAll(ledger, ledgerStreams.integration(id))) {
    state = evolveIntegration(
      state,
      { type: stored.type, data: decodeJson(stored.data) } as unknown as IntegrationEvent,
      stored.revision,
    );
  }
  return state;
}

/** Replays a cursor stream into what the caller makes of it, and answers its revision. */
export async function replay(ledger: Ledger, stream: string, apply: (moved: CursorMoved) => void): Promise<number> {
  let revision = NO_STREAM as number;
  for await (const stored of readAll(ledger, stream)) {
    apply(decodeJson<CursorMoved>(stored.data));
    revision = stored.revision;
  }
  return revision;
}
