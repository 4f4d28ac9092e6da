import {
  type CursorChange,
  type Integration,
  type IntegrationId,
  ledgerStreams,
  type Observation,
} from '@audital/contracts';
import { applyMoved, type Cursor, emptyCursor, type JobKind, keyOf } from './domain/cursor';
import { nameMatches } from './domain/filters';
import type { JobSummary } from './domain/jobs';
import {
  applyLookBack,
  emptyLookBack,
  isToTell,
  jobsLeft,
  type LookBack,
  type LookBackChange,
  type LookBackKind,
  lowerBound,
  planLookBack,
  type Run,
  waitAfter,
} from './domain/look-back';
import { jobPages } from './list-jobs';
import { settleProcessing } from './observe-processing';
import { settleTraining } from './observe-training';
import { beginPass, logEnd, outcomeOf, type Pass, type PollPorts, publish, replay, tellEnd } from './pass';

const AFTER_TROUBLE_MS = 5 * 60_000;

/** A slice of a look back, and all that it needs. */
interface Slice {
  kind: LookBackKind;
  pass: Pass;
  own: LookBack;
  /** Jobs that the live polls settled, ever. */
  settled: ReadonlySet<string>;
  integration: Integration;
  cursor: { stream: string; revision: number };
  /** By our own clock. */
  untilMs: number;
  told: number;
}

/**
 * One slice of a look back: it goes on where the last one stopped, page by page, and each page is told with its place in the cursor, so a
 * process that dies repeats one page at the most. It works as long as the live polls leave it time.
 */
export async function lookBack(
  ports: PollPorts,
  integration: Integration,
  o: { kind: LookBackKind; forMs: number },
): Promise<void> {
  const startedAt = ports.now();
  const { integrationId, settings } = integration;
  const { kind } = o;
  const { live, settled } = await loadLive(ports, integrationId);
  const stream = ledgerStreams.cursor(integrationId, kind.toLowerCase());
  const own = emptyLookBack();
  const revision = await replay(ports.ledger, stream, (moved) => applyLookBack(own, moved));
  const plan = planLookBack(kind, own, { live, backfillDays: settings.backfillDays, scope: settings.filters });
  const nothing = { windowFrom: null, windowTo: null, markedAt: live.markedAt, observations: 0, pages: 0, items: 0 };
  const begun = { kind, startedAt: startedAt.toISOString(), outcome: 'OK' as const, reason: null };
  if ('waitMs' in plan)
    return tellEnd(ports, integration, { ...begun, ...nothing, aws: null, askAgainInMs: plan.waitMs });

  const aws = ports.accounts.of(integration);
  aws.startCounting();
  const pass = beginPass(aws, live, integration, kind);
  const untilMs = startedAt.getTime() + o.forMs;
  const slice: Slice = { kind, pass, own, settled, integration, cursor: { stream, revision }, untilMs, told: 0 };
  const { begins, ...window } = plan.run;
  if (begins) await change(ports, slice, { kind: 'look-began', ...window, scope: settings.filters });
  const from = lowerBoundOf(own.run as Run);
  const { ended, error } = await walk(ports, slice);
  const outcome = error ? outcomeOf(error) : 'OK';
  if (error) logEnd(ports.log, integrationId, { outcome, error });
  await tellEnd(ports, integration, {
    ...begun,
    aws,
    outcome,
    reason: error?.message ?? null,
    windowFrom: from,
    windowTo: plan.run.to,
    markedAt: live.markedAt,
    observations: slice.told,
    pages: pass.pages,
    items: pass.items,
    askAgainInMs: error ? AFTER_TROUBLE_MS : ended ? waitAfter(kind) : 0,
  });
}

const lowerBoundOf = (run: Run): string => {
  const [jobs = 'training'] = jobsLeft(run);
  return run.reached[jobs] ?? run.from;
};

async function loadLive(
  { ledger }: PollPorts,
  id: IntegrationId,
): Promise<{ live: Cursor; settled: ReadonlySet<string> }> {
  const live = emptyCursor();
  const settled = new Set<string>();
  await replay(ledger, ledgerStreams.cursor(id), (moved) => {
    applyMoved(live, moved);
    for (const change of moved.changes)
      if (change.kind === 'job-settled') settled.add(keyOf(change['job'] as { arn: string; createdAt: string }));
  });
  return { live, settled };
}

const change = (ports: PollPorts, slice: Slice, one: LookBackChange): Promise<void> =>
  move(ports, slice, [{ observations: [], changes: [one] }]);

async function walk(ports: PollPorts, slice: Slice): Promise<{ ended: boolean; error: Error | null }> {
  try {
    for (const jobs of jobsLeft(slice.own.run as Run)) {
      if (!(await walkJobs(ports, slice, jobs))) return { ended: false, error: null };
      await change(ports, slice, { kind: 'look-through', jobs });
    }
    const at = slice.pass.aws.heard ? slice.pass.aws.now : (slice.own.run as Run).to;
    await change(ports, slice, { kind: 'look-ended', at });
    return { ended: true, error: null };
  } catch (error) {
    return { ended: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** False: the time was up first. It is not before the place in the cursor has moved, or nothing would ever be reached. */
async function walkJobs(ports: PollPorts, slice: Slice, jobs: JobKind): Promise<boolean> {
  const run = slice.own.run as Run;
  const from = lowerBound(run, jobs);
  for await (const page of jobPages(slice.pass, jobs, { from, to: run.to, order: 'Ascending' })) {
    const detected: Detected[] = [];
    try {
      const last = await tellPage(ports, slice, { jobs, page, detected });
      if (last) detected.push({ observations: [], changes: [{ kind: 'look-reached', jobs, to: last.createdAt }] });
      if (last !== page.at(-1)) return false;
    } finally {
      await move(ports, slice, detected);
    }
  }
  return true;
}

type Detected = { observations: Observation[]; changes: LookBackChange[] };

/** Answers the last job up to which everything is told. */
async function tellPage(
  ports: PollPorts,
  slice: Slice,
  o: { jobs: JobKind; page: JobSummary[]; detected: Detected[] },
): Promise<JobSummary | undefined> {
  const { pass, kind, integration, settled, own, untilMs } = slice;
  const { jobs, page, detected } = o;
  pass.observer = { ...pass.observer, observedAt: pass.aws.now };
  const reached = (own.run as Run).reached[jobs] ?? '';
  for (const job of page) {
    if (jobs === 'training' && !nameMatches(integration.settings, job.name)) continue;
    if (!isToTell(kind, job, { live: pass.cursor, jobs, settled, own })) continue;
    const { observations } = await (jobs === 'training'
      ? settleTraining(pass, job, null)
      : settleProcessing(pass, job));
    slice.told += observations.length;
    const changes: LookBackChange[] = kind === 'RECONCILE' ? [{ kind: 'look-settled', keys: [keyOf(job)] }] : [];
    detected.push({ observations, changes });
    if (ports.now().getTime() >= untilMs && job.createdAt > reached) return job;
  }
  return page.at(-1);
}

/** Publishes, and takes the changes over as the next slice will read them. */
async function move(ports: PollPorts, slice: Slice, detected: Detected[]): Promise<void> {
  const { integration, cursor, own, pass } = slice;
  const plain = detected.map(({ observations, changes }) => ({
    observations,
    changes: changes.map((change) => JSON.parse(JSON.stringify(change)) as CursorChange),
  }));
  cursor.revision += await publish(ports, { integration, detected: plain, cursor, commit: pass.observer.commit });
  for (const { changes } of plain) applyLookBack(own, { v: 1, changes });
}
