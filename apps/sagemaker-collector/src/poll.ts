import { createHmac, randomBytes } from 'node:crypto';
import {
  decodeJson,
  evolveIntegration,
  type CursorMoved,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  ledgerStreams,
  MARK_EVERY_MS,
  type PollEnded,
  type PollRequest,
  Rejected,
  subjects,
} from '@audital/contracts';
import { type Ledger, NO_STREAM, readAll } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Logger } from '@audital/service';
import type { AwsAccount } from './adapters/aws-account';
import type { AwsAccounts } from './adapters/aws-accounts';
import { type AwsFailure, failureOf } from './adapters/aws-errors';
import { applyMoved, type Cursor, emptyCursor } from './domain/cursor';
import type { Detected } from './domain/detected';
import type { Observer } from './domain/training';
import { observeEndpoints } from './observe-endpoints';
import { observeProcessing, observeTraining } from './observe-jobs';
import { toParts } from './domain/parts';

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
  cursor: Cursor;
  integration: Integration;
  observer: Observer;
  /** The end of the frozen window, by AWS's clock. */
  to: string;
  detected: Detected[];
  items: number;
  pages: number;
}

/** One message of work: the integrations of one account and region, one after the other; their calls share a budget. */
export const pollAccount =
  (ports: PollPorts) =>
  async (request: PollRequest): Promise<void> => {
    if (request?.v !== 1 || !Array.isArray(request.integrationIds))
      throw new Rejected('POLL_REQUEST_INVALID', 'The message is no PollRequest of version 1.');
    for (const integrationId of request.integrationIds) await pollIntegration(ports, request, integrationId);
  };

async function pollIntegration(ports: PollPorts, request: PollRequest, integrationId: IntegrationId): Promise<void> {
  const { ledger, accounts } = ports;
  const integration = await loadIntegration(ledger, integrationId);
  if (integration?.status !== 'ACTIVE' || integration.organisationId !== request.organisationId) return;
  const { cursor, revision } = await loadCursor(ledger, integrationId);
  const aws = accounts.of(integration);
  aws.startCounting();
  const startedAt = ports.now();
  const outcome = await observe(aws, cursor, integration).catch((error: unknown) => failed(error));
  if (outcome.pass) await publish(ports, { integration, cursorRevision: revision, pass: outcome.pass });
  if (outcome.error) {
    if (outcome.ended === 'FAILED') ports.log.error({ integrationId, err: outcome.error }, 'a poll failed');
    else
      ports.log.warn({ integrationId, outcome: outcome.ended, reason: outcome.error.message }, 'a poll could not look');
  }
  await tellEnd(ports, {
    integration,
    aws,
    startedAt,
    pass: outcome.pass,
    cursor,
    ended: outcome.ended,
    reason: outcome.error?.message ?? null,
  });
}

interface Outcome {
  pass: Pass | null;
  ended: PollEnded['outcome'];
  error: Error | null;
}

/** Endpoints come first: their list has no window, and its answer tells the time by AWS's clock. */
async function observe(aws: AwsAccount, cursor: Cursor, integration: Integration): Promise<Outcome> {
  const endpoints = [];
  let pages = 0;
  for await (const page of aws.listEndpoints()) {
    endpoints.push(...page);
    pages += 1;
  }
  const salt = randomBytes(32);
  const commit = (value: string): string =>
    `committed:hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`;
  const { integrationId, settings } = integration;
  const to = aws.now;
  const pass: Pass = {
    aws,
    cursor,
    integration,
    observer: { integrationId, settings, observedAt: to, commit },
    to,
    detected: [],
    items: endpoints.length,
    pages,
  };
  const highWater = { training: await observeTraining(pass), processing: null as string | null };
  await observeEndpoints(pass, endpoints);
  // Alerts last: they take over the identity of endpoints that this very pass has described.
  highWater.processing = await observeProcessing(pass);
  const first = cursor.markedAt === null;
  const news = pass.detected.some(({ observations, changes }) => observations.length + changes.length > 0);
  if (first || news || Date.parse(to) - Date.parse(cursor.markedAt as string) >= MARK_EVERY_MS) {
    pass.detected.push({ observations: [], changes: [{ kind: 'mark', at: to, highWater }] });
  }
  return { pass, ended: 'OK', error: null };
}

/** EXPIRED: credentials were dropped and taken anew once already. */
const ENDED_BY: Partial<Record<AwsFailure, PollEnded['outcome']>> = {
  THROTTLED: 'THROTTLED',
  DENIED: 'ACCESS_LOST',
  EXPIRED: 'ACCESS_LOST',
  AWAY: 'AWS_UNAVAILABLE',
};

/** Nothing of a pass that failed is published: the cursor has not moved, and the next pass sees the same facts. */
function failed(error: unknown): Outcome {
  const failure = failureOf(error);
  const known = error instanceof Error ? error : new Error(String(error));
  return { pass: null, ended: ENDED_BY[failure] ?? 'FAILED', error: known };
}

async function publish(
  ports: PollPorts,
  o: { integration: Integration; cursorRevision: number; pass: Pass },
): Promise<void> {
  const { organisationId } = o.integration;
  const parts = toParts(o.pass.detected, o.integration, o.cursorRevision);
  const subject = subjects.sealWork(ports.partitionOf(organisationId), organisationId);
  for (const part of parts)
    await ports.bus.publish(subject, part, {
      messageId: `${part.cursor?.stream}@${part.cursor?.expectedRevision}:${o.pass.to}:${randomBytes(4).toString('hex')}`,
    });
}

async function tellEnd(
  ports: PollPorts,
  o: {
    integration: Integration;
    aws: AwsAccount;
    startedAt: Date;
    pass: Pass | null;
    cursor: Cursor;
    ended: PollEnded['outcome'];
    reason: string | null;
  },
): Promise<void> {
  const { organisationId, integrationId } = o.integration;
  const endedAtLocal = ports.now().toISOString();
  const body: PollEnded = {
    v: 1,
    organisationId,
    integrationId,
    outcome: o.ended,
    reason: o.reason,
    startedAt: o.pass?.to ?? o.startedAt.toISOString(),
    endedAt: o.aws.heard ? o.aws.now : endedAtLocal,
    windowFrom: o.pass ? o.cursor.markedAt : null,
    windowTo: o.pass?.to ?? null,
    markedAt: o.cursor.markedAt,
    endedAtLocal,
    observations: o.pass?.detected.reduce((sum, { observations }) => sum + observations.length, 0) ?? 0,
    pages: o.pass?.pages ?? 0,
    items: o.pass?.items ?? 0,
    calls: o.aws.counts.calls,
    throttles: o.aws.counts.throttles,
  };
  await ports.bus.publish(subjects.pollEnded(integrationId), body, { messageId: `${integrationId}:${endedAtLocal}` });
}

async function loadIntegration(ledger: Ledger, id: IntegrationId): Promise<Integration | null> {
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

async function loadCursor(ledger: Ledger, id: IntegrationId): Promise<{ cursor: Cursor; revision: number }> {
  const cursor = emptyCursor();
  let revision = NO_STREAM;
  for await (const stored of readAll(ledger, ledgerStreams.cursor(id))) {
    applyMoved(cursor, decodeJson<CursorMoved>(stored.data));
    revision = stored.revision;
  }
  return { cursor, revision };
}
