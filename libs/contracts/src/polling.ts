import type { PolicyStatement, TrustPolicy } from './aws-access';
import type { IntegrationId, OrganisationId } from './ids';

/** The message on `work.poll.sagemaker.<orgId>.<accountId>-<region>`. The collector reads everything else from the ledger. */
export interface PollRequest {
  v: 1;
  organisationId: OrganisationId;
  awsAccountId: string;
  region: string;
  requestedAt: string;
  integrationIds: IntegrationId[];
  /** LIVE when absent. */
  kind?: PollKind;
  /** How long a poll that is not LIVE may work, ms of our clock: what the live polls leave of the interval. */
  forMs?: number;
}

/** LIVE keeps up with what happens; the others are polls of their own, with cursors of their own, and tell of ended jobs only. */
export type PollKind = 'LIVE' | 'BACKFILL' | 'RECONCILE';

/** The message on `notice.poll-ended.<intId>` (stream POLLS, kept 3 h). Times by AWS's clock unless said otherwise. */
export interface PollEnded {
  v: 1;
  organisationId: OrganisationId;
  integrationId: IntegrationId;
  /** LIVE when absent. */
  kind?: PollKind;
  /** AWS_UNAVAILABLE: no answer, or a 5xx. FAILED: anything else, our own faults included. */
  outcome: 'OK' | 'THROTTLED' | 'ACCESS_LOST' | 'AWS_UNAVAILABLE' | 'FAILED';
  /** One sentence when it is not OK. */
  reason: string | null;
  startedAt: string;
  endedAt: string;
  /** The window that was observed; null when nothing was. It starts at the mark in the ledger, and is null before the first mark. */
  windowFrom: string | null;
  windowTo: string | null;
  /** The mark that the poll started from, whatever became of it; null or absent when the ledger has none. */
  markedAt?: string | null;
  /** Our own clock, for due times. */
  endedAtLocal: string;
  observations: number;
  pages: number;
  items: number;
  /** SDK calls by operation, retries included. */
  calls: Record<string, number>;
  throttles: number;
  /** Of a poll that is not LIVE: when it is worth asking again, ms of AWS's clock. 0: more is waiting; null: never. */
  askAgainInMs?: number | null;
}

/** `ask.scheduler.poll`. */
export interface PollNow {
  organisationId: OrganisationId;
  integrationId: IntegrationId;
}

/** `ask.collector.test`. Nothing is written by it. */
export interface TestRequest {
  organisationId: OrganisationId;
  /** Null: what is tested has not been registered (a dry run). */
  integrationId: IntegrationId | null;
  awsAccountId: string;
  region: string;
  roleArn: string;
  /** The organisation's external ids: the one in force; while it is being replaced the next; the last one that was retired. */
  externalIds: { current: string; next: string | null; retired: string | null };
  /** Names that are probed begin with it, so that a policy may be limited to them. */
  namePrefix: string | null;
}

/** One line of the doctor's answer. */
export interface DoctorRow {
  /** An action of AWS, such as `sagemaker:ListTags`, or what else was looked at, in words. */
  check: string;
  status: 'GRANTED' | 'DENIED' | 'THROTTLED' | 'SKIPPED';
  /** What the row showed, in a sentence. */
  detail: string;
  /** What is lost without it. */
  loss: string | null;
  /** The IAM policy statement that would grant it; null too when no statement can (an explicit Deny stands above it). */
  statement: PolicyStatement | null;
  /** The trust policy that the role should have, when that is what is wrong. */
  trustPolicy?: TrustPolicy | null;
}

export type RefusalCode =
  'ROLE_NOT_ASSUMABLE' | 'INSECURE_TRUST_POLICY' | 'WRONG_ACCOUNT' | 'REGION_DISABLED' | 'REGION_UNKNOWN';

export interface TestReply {
  outcome: 'ACCEPTED' | 'REFUSED';
  reason: { code: RefusalCode; message: string } | null;
  testedAt: string;
  rows: DoctorRow[];
}
