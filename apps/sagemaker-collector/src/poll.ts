import {
  type Integration,
  type IntegrationId,
  ledgerStreams,
  MARK_EVERY_MS,
  type PollEnded,
  type PollRequest,
  Rejected,
  Unavailable,
} from '@audital/contracts';
import type { EndpointSummary as ListedEndpoint } from '@aws-sdk/client-sagemaker';
import type { AwsAccount } from './adapters/aws-account';
import { failureOf } from './adapters/aws-errors';
import { applyMoved, type Cursor, emptyCursor, sameScope, toCursorChange } from './domain/cursor';
import { lookBack } from './look-back';
import { observeEndpoints } from './observe-endpoints';
import { observeMetrics } from './observe-metrics';
import { observeProcessing } from './observe-processing';
import { observeTraining } from './observe-training';
import {
  beginPass,
  loadIntegration,
  logEnd,
  outcomeOf,
  type Pass,
  type PollPorts,
  publish,
  replay,
  tellEnd,
} from './pass';

/** One message of work: the integrations of one account and region, one after the other; their calls share a budget. */
export const pollAccount =
  (ports: PollPorts) =>
  async (request: PollRequest): Promise<void> => {
    if (request?.v !== 1 || !Array.isArray(request.integrationIds))
      throw new Rejected('POLL_REQUEST_INVALID', 'The message is no PollRequest of version 1.');
    const kind = request.kind ?? 'LIVE';
    for (const integrationId of request.integrationIds) {
      const integration = await loadIntegration(ports.ledger, integrationId);
      if (integration?.status !== 'ACTIVE' || integration.organisationId !== request.organisationId) continue;
      if (kind === 'LIVE') await pollIntegration(ports, integration);
      else await lookBack(ports, integration, { kind, forMs: request.forMs ?? 0 });
    }
  };

async function pollIntegration(ports: PollPorts, integration: Integration): Promise<void> {
  const { accounts, log } = ports;
  const { integrationId } = integration;
  const { cursor, revision } = await loadCursor(ports, integrationId);
  const aws = accounts.of(integration);
  aws.startCounting();
  const startedAt = ports.now().toISOString();
  const teller = new Teller(ports, integration, revision);
  const { pass, error } = await observe(aws, cursor, { integration, teller });
  if (pass) await teller.tell(pass);
  const outcome: PollEnded['outcome'] = error ? outcomeOf(error) : 'OK';
  if (error) logEnd(log, integrationId, { outcome, error });
  await tellEnd(ports, integration, {
    kind: 'LIVE',
    aws,
    startedAt: pass?.to ?? startedAt,
    outcome,
    reason: error?.message ?? null,
    windowFrom: error ? null : cursor.markedAt,
    windowTo: error ? null : (pass?.to ?? null),
    markedAt: cursor.markedAt,
    observations: teller.observations,
    pages: pass?.pages ?? 0,
    items: pass?.items ?? 0,
  });
}

async function loadCursor(ports: PollPorts, id: IntegrationId): Promise<{ cursor: Cursor; revision: number }> {
  const cursor = emptyCursor();
  const revision = await replay(ports.ledger, ledgerStreams.cursor(id), (moved) => applyMoved(cursor, moved));
  return { cursor, revision };
}

/** So much is told at once: at five calls a second, that many jobs are some twenty seconds of looking. */
const TELL_AT_LEAST = 50;

/** Publishes what a pass has detected, in order and once; each part starts at the cursor's revision that the one before it makes. */
class Teller {
  observations = 0;
  private told = 0;

  constructor(
    private readonly ports: PollPorts,
    private readonly integration: Integration,
    private revision: number,
  ) {}

  async tell({ detected, observer }: Pass, atLeast = 1): Promise<void> {
    const fresh = detected.slice(this.told);
    if (fresh.length < atLeast) return;
    const cursor = { stream: ledgerStreams.cursor(this.integration.integrationId), revision: this.revision };
    const withChanges = fresh.map((one) => ({ ...one, changes: one.changes.map(toCursorChange) }));
    const o = { integration: this.integration, detected: withChanges, cursor, commit: observer.commit };
    this.revision += await publish(this.ports, o);
    this.told += fresh.length;
    this.observations += fresh.reduce((sum, { observations }) => sum + observations.length, 0);
  }
}

interface Outcome {
  pass: Pass | null;
  error: Error | null;
}

/**
 * What was detected before a pass failed is told all the same: each of it stands for itself. Only the mark stays, so the next pass lists
 * the same window again and describes what is left. A denied area does not hold the others.
 */
async function observe(
  aws: AwsAccount,
  cursor: Cursor,
  { integration, teller }: { integration: Integration; teller: Teller },
): Promise<Outcome> {
  const trouble: Error[] = [];
  let pass: Pass | null = null;
  try {
    // Endpoints come first: their list has no window, and its answer tells the time by AWS's clock.
    const endpoints = await orDenied(aws, trouble, () => listEndpoints(aws));
    pass = { ...beginPass(aws, cursor, integration), pages: endpoints?.pages ?? 0, items: endpoints?.all.length ?? 0 };
    const begun = pass;
    begun.tellSoFar = (atLeast = TELL_AT_LEAST) => teller.tell(begun, atLeast);
    await look(begun, endpoints?.all ?? null, trouble);
  } catch (error) {
    // The bus is away: that is no word about the account.
    if (error instanceof Unavailable) throw error;
    trouble.unshift(error instanceof Error ? error : new Error(String(error)));
  }
  return { pass, error: trouble[0] ?? null };
}

async function look(pass: Pass, endpoints: ListedEndpoint[] | null, trouble: Error[]): Promise<void> {
  const { aws, cursor, to, integration } = pass;
  const scope = integration.settings.filters;
  const first = cursor.markedAt === null;
  pass.entering = first || !sameScope(cursor.scope, scope);
  const training = await orDenied(aws, trouble, () => observeTraining(pass));
  if (endpoints) await orDenied(aws, trouble, () => observeEndpoints(pass, endpoints));
  // Alerts last: they take over the identity of endpoints that this very pass has described.
  const processing = await orDenied(aws, trouble, () => observeProcessing(pass));
  // With the role itself lost, what CloudWatch denies says nothing about CloudWatch.
  if (training !== null || processing !== null) await observeMetrics(pass);
  if (trouble.length > 0 || training === null || processing === null) return;
  const news = pass.detected.some(({ observations, changes }) => observations.length + changes.length > 0);
  const late = !first && Date.parse(to) - Date.parse(cursor.markedAt as string) >= MARK_EVERY_MS;
  if (pass.entering || news || late) {
    const highWater = { training, processing };
    pass.detected.push({ observations: [], changes: [{ kind: 'mark', at: to, highWater, scope }] });
  }
}

async function listEndpoints(aws: AwsAccount): Promise<{ all: ListedEndpoint[]; pages: number }> {
  const all: ListedEndpoint[] = [];
  let pages = 0;
  for await (const page of aws.listEndpoints()) {
    all.push(...page);
    pages += 1;
  }
  return { all, pages };
}

/** A denial is remembered and the rest goes on, unless AWS has not answered us at all: then the role itself is lost. */
async function orDenied<T>(aws: AwsAccount, trouble: Error[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (failureOf(error) !== 'DENIED' || !aws.heard || !(error instanceof Error)) throw error;
    trouble.push(error);
    return null;
  }
}
