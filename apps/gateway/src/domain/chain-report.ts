import type { Finding } from '@audital/chain/check';
import type { Severity } from '@audital/contracts';

/** What one walk over a whole chain found. */
export interface ChainFacts {
  organisationId: string;
  totalEvents: number;
  genesisBlock: Block | null;
  latestBlock: Block | null;
  findings: Finding[];
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
  | 'ROOT_MISMATCH';

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
}

const ALERTS_MAX = 100;

/** The verdict on a chain. Redactions by a recorded decision are no fault. */
export function chainReport(facts: ChainFacts, verificationFrequencySeconds: number): ChainStatus {
  const bad = facts.findings.filter(({ kind }) => kind !== 'REDACTED').sort((a, b) => a.position - b.position);
  const first = bad[0] ?? null;
  const verdict = verdictOf(facts, first);
  const { totalEvents, checkpoint } = facts;
  const valid = verdict === 'VERIFIED' || verdict === 'PENDING' || verdict === 'EMPTY';
  return {
    valid,
    verdict,
    reason: first?.message ?? facts.doubt?.reason ?? null,
    firstBadPosition: first?.position ?? null,
    organisationId: facts.organisationId,
    totalEvents,
    latestBlock: facts.latestBlock,
    genesisBlock: facts.genesisBlock,
    lastVerifiedAt: facts.verifiedAt,
    verificationFrequencySeconds,
    integrityScore: valid ? 100 : scoreOf(first?.position ?? 0, totalEvents),
    checkpointSize: checkpoint?.size ?? null,
    keyId: checkpoint?.keyId ?? null,
    pendingEvents: Math.max(0, totalEvents - (checkpoint?.size ?? 0)),
    redactedEvents: facts.findings.length - bad.length,
    alerts: alertsOf(facts, bad),
  };
}

/** A chain with a fault is never at 100. */
const scoreOf = (good: number, total: number): number => Math.min(99, Math.floor((100 * good) / Math.max(total, 1)));

function verdictOf({ totalEvents, checkpoint, doubt }: ChainFacts, first: Finding | null): Verdict {
  if (first?.kind === 'ROLLBACK' || first?.kind === 'FORK') return first.kind;
  if (doubt?.code === 'ROLLBACK' || doubt?.code === 'FORK') return doubt.code;
  if (first !== null) return 'TAMPERED';
  if (doubt !== null) return doubt.code as Verdict;
  if (totalEvents === 0) return 'EMPTY';
  return checkpoint !== null && checkpoint.size >= totalEvents ? 'VERIFIED' : 'PENDING';
}

/** Neighbours of one kind and reason are one alert. */
function alertsOf({ doubt, verifiedAt, totalEvents }: ChainFacts, bad: Finding[]): ChainAlert[] {
  const alerts: ChainAlert[] = [];
  if (doubt)
    alerts.push({
      severity: 'CRITICAL',
      code: doubt.code,
      message: doubt.reason,
      affectedRange: { from: 0, to: Math.max(0, totalEvents - 1) },
      detectedAt: doubt.since,
    });
  for (const { kind, position, message } of bad) {
    const last = alerts.at(-1);
    if (last?.code === kind && last.affectedRange.to === position - 1) last.affectedRange.to = position;
    else if (alerts.length < ALERTS_MAX)
      alerts.push({
        severity: 'CRITICAL',
        code: kind,
        message,
        affectedRange: { from: position, to: position },
        detectedAt: verifiedAt,
      });
  }
  return alerts;
}
