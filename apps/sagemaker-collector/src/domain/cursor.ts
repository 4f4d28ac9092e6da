import type { CursorChange, CursorMoved, IntegrationSettings, ModelIdentity } from '@audital/contracts';

/** A job that has not ended, or that ended inside the overlap window, by `ARN | creation time`. */
export interface KnownJob {
  arn: string;
  name: string;
  createdAt: string;
  /** The primary status when it was last seen; null once it has been settled. */
  openStatus: string | null;
  /** The tags that let it through the filters when it was first seen; empty: they kept it out. A job that vanishes cannot be asked any more. */
  tags?: Record<string, string>;
}

/** An endpoint as our last event left it. Identity is ARN and creation time: names are reused. */
export interface EndpointSnapshot {
  arn: string;
  name: string;
  createdAt: string;
  /** Transitions told so far; part of the next fact (DESIGN §2). */
  ordinal: number;
  status: string;
  lastModifiedAt: string;
  /** Of the last deployment that was in service; null before the first. */
  configurationName: string | null;
  weights: string;
  modelName: string | null;
  /** `component=model` of the inference components; null where the variants name their models. */
  components: string | null;
  /** How their list looked; null where there are none. */
  componentsSeen: string | null;
  /** The configuration that an update in progress aims at. */
  pendingConfigurationName: string | null;
  /** Whose endpoint it is: its alerts take this over. */
  modelIdentity: ModelIdentity | null;
  /** False: its tags keep it out. It is remembered so that it is not described at every poll. */
  watched: boolean;
}

/** Series of a job that was told, still to come (captureMetrics). */
export interface MetricsWish {
  arn: string;
  name: string;
  createdAt: string;
  /** The job's terminal status. */
  status: string;
  startedAt: string;
  endedAt: string;
  instances: number;
  /** Names of the algorithm's own metrics. */
  metrics: string[];
  modelIdentity: ModelIdentity | null;
  /** By AWS's clock: when it is worth reading them, again if they were read. */
  dueAt: string;
  /** Of what was read last; null: nothing yet. */
  digest: string | null;
}

export type JobKind = 'training' | 'processing';
export const JOB_KINDS = ['training', 'processing'] as const satisfies readonly JobKind[];

/** What the filters let in. */
export type Scope = IntegrationSettings['filters'];

/** How far the long list of a first poll, or of the first with other filters, has been walked: what was created from `reached` to `to` is known. */
export interface Entry {
  scope: Scope;
  to: string;
  reached: string;
}

/** The collector's working memory of one integration. The ledger stores its changes; only here do they mean something. */
export interface Cursor {
  /** Null before the first poll. The largest creation time that was seen, by AWS's clock. */
  highWater: Record<JobKind, string | null>;
  jobs: Record<JobKind, Map<string, KnownJob>>;
  endpoints: Map<string, EndpointSnapshot>;
  wishes: Map<string, MetricsWish>;
  /** Null: no first poll was interrupted. */
  entries: Record<JobKind, Entry | null>;
  /** When the mark was last written, by AWS's clock. */
  markedAt: string | null;
  /** The end of the first poll: what had ended before is nobody's news. */
  watchedSince: string | null;
  /** The filters that the mark was made with, and since when they have stood. */
  scope: Scope | null;
  scopeSince: string | null;
}

export type Change =
  | { kind: 'job-open'; jobs: JobKind; job: KnownJob }
  | { kind: 'job-settled'; jobs: JobKind; job: KnownJob }
  | { kind: 'job-forgotten'; jobs: JobKind; key: string }
  | { kind: 'endpoint'; snapshot: EndpointSnapshot }
  | { kind: 'endpoint-gone'; key: string }
  | { kind: 'metrics-wanted'; wish: MetricsWish }
  | { kind: 'metrics-settled'; key: string }
  | { kind: 'entry-reached'; jobs: JobKind; entry: Entry }
  | { kind: 'mark'; at: string; highWater: Record<JobKind, string | null>; scope: Scope };

export const keyOf = (resource: { arn: string; createdAt: string }): string =>
  `${resource.arn} | ${resource.createdAt}`;

export const emptyCursor = (): Cursor => ({
  highWater: { training: null, processing: null },
  jobs: { training: new Map(), processing: new Map() },
  endpoints: new Map(),
  wishes: new Map(),
  entries: { training: null, processing: null },
  markedAt: null,
  watchedSince: null,
  scope: null,
  scopeSince: null,
});

export function sameScope(one: Scope | null, other: Scope): boolean {
  const words = ({ namePrefix, tags }: Scope): string => JSON.stringify([namePrefix, Object.entries(tags).sort()]);
  return one !== null && words(one) === words(other);
}

/** Whether everything that `scope` lets in was let in before. */
export const covers = (before: Scope, scope: Scope): boolean =>
  (scope.namePrefix ?? '').startsWith(before.namePrefix ?? '') &&
  Object.entries(before.tags).every(([key, value]) => scope.tags[key] === value);

/** Applies in place: a cursor is rebuilt from its stream for every poll, and belongs to that poll alone. */
export function applyChange(cursor: Cursor, change: Change): void {
  switch (change.kind) {
    case 'job-open':
    case 'job-settled':
      cursor.jobs[change.jobs].set(keyOf(change.job), change.job);
      return;
    case 'job-forgotten':
      cursor.jobs[change.jobs].delete(change.key);
      return;
    case 'endpoint':
      cursor.endpoints.set(keyOf(change.snapshot), change.snapshot);
      return;
    case 'endpoint-gone':
      cursor.endpoints.delete(change.key);
      return;
    case 'metrics-wanted':
      cursor.wishes.set(keyOf(change.wish), change.wish);
      return;
    case 'metrics-settled':
      cursor.wishes.delete(change.key);
      return;
    case 'entry-reached':
      cursor.entries[change.jobs] = change.entry;
      return;
    case 'mark':
      cursor.entries = { training: null, processing: null };
      cursor.highWater = change.highWater;
      cursor.markedAt = change.at;
      cursor.watchedSince ??= change.at;
      if (!sameScope(cursor.scope, change.scope)) cursor.scopeSince = change.at;
      cursor.scope = change.scope;
      return;
    default: {
      const unknown: never = change;
      throw new Error(`This version does not know the cursor change ${JSON.stringify(unknown)}: start the newer one.`);
    }
  }
}

export function applyMoved(cursor: Cursor, moved: CursorMoved): void {
  for (const change of moved.changes) applyChange(cursor, change as unknown as Change);
}

export const toCursorChange = (change: Change): CursorChange => JSON.parse(JSON.stringify(change)) as CursorChange;
