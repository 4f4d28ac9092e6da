import type { RangeFinding } from '@audital/chain/check';
import type { Severity } from '@audital/contracts';

/** What one walk over a chain found. */
export interface ChainFacts {
  organisationId: string;
  totalEvents: number;
  /** The first position that was read. */
  inspectedFrom: number;
  genesisBlock: Block | null;
  latestBlock: Block | null;
  findings: RangeFinding[];
  /** Payloads that are gone by a recorded decision. */
  redacted: number;
  /** Null: none was accepted. */
  checkpoint: { size: number; keyId: string } | null;
  /** A newer checkpoint or the pinned key is in doubt. */
  doubt: { code: string; reason: string; since: string } | null;
  verifiedAt: string;
}

export interface Block {
  position: number;
  id: string | null;
  blockHash: string;
  previousHash: string | null;
  eventType: string | null;
  timestamp: string | null;
}

export interface ChainAlert {
  severity: Severity;
  code: string;
  message: string;
  affectedRange: { from: number; to: number };
  detectedAt: string;
}

export type Verdict =
  | 'VERIFIED'
  | 'PENDING'
  | 'EMPTY'
  | 'TAMPERED'
  | 'ROLLBACK'
  | 'FORK'
  | 'UNPINNED'
  | 'CHECKPOINT_INVALID'
  | 'ROOT_MISMATCH'
  /** Nothing is wrong with what is signed, but events stand under no checkpoint for too long. */
  | 'STALE';

/** The public shape (facts/product §2.2), and what explains it. */
export interface ChainStatus {
  valid: boolean;
  verdict: Verdict;
  /** One sentence; null when nothing is wrong. */
  reason: string | null;
  firstBadPosition: number | null;
  organisationId: string;
  totalEvents: number;
  latestBlock: Block | null;
  genesisBlock: Block | null;
  lastVerifiedAt: string;
  verificationFrequencySeconds: number;
  /** 100, or the share of events before the first bad position. */
  integrityScore: number;
  checkpointSize: number | null;
  keyId: string | null;
  pendingEvents: number;
  redactedEvents: number;
  alerts: ChainAlert[];
  /** The first position that the gateway read itself for this answer; what lies before it is the chain-verifier's word. */
  inspectedFrom: number;
  verifier: VerifierView;
  /** Why the chain-writer takes nothing more (ROLLBACK, FORK, LOST_MEMORY, ORIGIN_CHANGED, CORRUPT); null while it does. */
  stopped: string | null;
}

/** What the chain-verifier says beside the gateway's own reading. STARTING: it answers, and has not read this chain yet. */
export interface VerifierView {
  status: 'OK' | 'ALERTS' | 'STARTING' | 'UNAVAILABLE';
  verifiedTo: number | null;
  lastVerifiedAt: string | null;
  lastFullVerification: { size: number; at: string } | null;
  /** One sentence when it is UNAVAILABLE; else null. */
  reason: string | null;
}

/** Until the verifier was asked. */
const NOT_ASKED: VerifierView = {
  status: 'UNAVAILABLE',
  verifiedTo: null,
  lastVerifiedAt: null,
  lastFullVerification: null,
  reason: null,
};

const ALERTS_MAX = 100;

/** The verdict on a chain. Redactions by a recorded decision are no fault. */
export function chainReport(facts: ChainFacts, verificationFrequencySeconds: number): ChainStatus {
  const bad = [...facts.findings].sort((a, b) => a.from - b.from);
  const first = bad[0] ?? null;
  const verdict = verdictOf(facts, first);
  const { totalEvents, checkpoint } = facts;
  const valid = verdict === 'VERIFIED' || verdict === 'PENDING' || verdict === 'EMPTY';
  return {
    valid,
    verdict,
    reason: first?.message ?? facts.doubt?.reason ?? null,
    firstBadPosition: first?.from ?? null,
    organisationId: facts.organisationId,
    totalEvents,
    latestBlock: facts.latestBlock,
    genesisBlock: facts.genesisBlock,
    lastVerifiedAt: facts.verifiedAt,
    verificationFrequencySeconds,
    integrityScore: valid ? 100 : scoreOf(first?.from ?? 0, totalEvents),
    checkpointSize: checkpoint?.size ?? null,
    keyId: checkpoint?.keyId ?? null,
    pendingEvents: Math.max(0, totalEvents - (checkpoint?.size ?? 0)),
    redactedEvents: facts.redacted,
    alerts: alertsOf(facts, bad),
    inspectedFrom: facts.inspectedFrom,
    verifier: NOT_ASKED,
    stopped: null,
  };
}

/** A chain with a fault is never at 100. */
export const scoreOf = (good: number, total: number): number =>
  Math.min(99, Math.floor((100 * good) / Math.max(total, 1)));

function verdictOf({ totalEvents, checkpoint, doubt }: ChainFacts, first: RangeFinding | null): Verdict {
  if (first?.kind === 'ROLLBACK' || first?.kind === 'FORK') return first.kind;
  if (doubt?.code === 'ROLLBACK' || doubt?.code === 'FORK') return doubt.code;
  if (first !== null) return 'TAMPERED';
  if (doubt !== null) return doubt.code as Verdict;
  if (totalEvents === 0) return 'EMPTY';
  return checkpoint !== null && checkpoint.size >= totalEvents ? 'VERIFIED' : 'PENDING';
}

/** Neighbours of one kind and reason are one alert. */
function alertsOf({ doubt, verifiedAt, totalEvents }: ChainFacts, bad: RangeFinding[]): ChainAlert[] {
  const alerts: ChainAlert[] = [];
  if (doubt)
    alerts.push({
      severity: 'CRITICAL',
      code: doubt.code,
      message: doubt.reason,
      affectedRange: { from: 0, to: Math.max(0, totalEvents - 1) },
      detectedAt: doubt.since,
    });
  for (const { kind, from, to, message } of bad) {
    const last = alerts.at(-1);
    if (last?.code === kind && last.affectedRange.to === from - 1) last.affectedRange.to = to;
    else if (alerts.length < ALERTS_MAX)
      alerts.push({
        severity: 'CRITICAL',
        code: kind,
        message,
        affectedRange: { from, to },
        detectedAt: verifiedAt,
      });
  }
  return alerts;
}

/** A chain that takes nothing more is an alarm, whatever can still be read of it (DESIGN §3). */
export function withStop(status: ChainStatus, stopped: string | null): ChainStatus {
  if (stopped === null) return status;
  const { totalEvents, lastVerifiedAt, alerts } = status;
  const alert: ChainAlert = {
    severity: 'CRITICAL',
    code: stopped,
    message: `The chain-writer has stopped this chain (${stopped}): nothing is sealed or polled until its operator has put it right. Reading goes on.`,
    affectedRange: { from: totalEvents, to: totalEvents },
    detectedAt: lastVerifiedAt,
  };
  return { ...status, stopped, reason: status.reason ?? alert.message, alerts: [...alerts, alert] };
}
