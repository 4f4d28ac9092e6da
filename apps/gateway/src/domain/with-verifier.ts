import type { VerifierReport } from '@audital/contracts';
import { type ChainAlert, type ChainStatus, scoreOf, type Verdict, type VerifierView } from './chain-report';

export type VerifierAnswer = { report: VerifierReport } | { unavailable: string };

/** The gateway's own reading and the chain-verifier's word in one. What either of them found wrong is wrong; who is silent vouches for nothing. */
export function withVerifier(own: ChainStatus, answer: VerifierAnswer): ChainStatus {
  if ('unavailable' in answer) return { ...own, verifier: { ...own.verifier, reason: answer.unavailable } };
  const { alerts, lastVerifiedAt } = answer.report;
  const verifier = viewOf(answer.report);
  const merged = merge(alerts, own.alerts);
  const firstBadPosition = smallest([own.firstBadPosition, ...alerts.map((alert) => alert.firstBadPosition)]);
  const valid = own.valid && alerts.length === 0;
  return {
    ...own,
    valid,
    verdict: own.valid && alerts.length > 0 ? verdictOf(alerts) : own.verdict,
    reason: own.reason ?? alerts[0]?.message ?? null,
    firstBadPosition,
    lastVerifiedAt: lastVerifiedAt ?? own.lastVerifiedAt,
    integrityScore: valid ? 100 : scoreOf(firstBadPosition ?? 0, own.totalEvents),
    alerts: merged,
    verifier,
  };
}

function viewOf({ alerts, verifiedTo, lastVerifiedAt, lastFullVerification }: VerifierReport): VerifierView {
  const status = lastVerifiedAt === null ? 'STARTING' : alerts.length > 0 ? 'ALERTS' : 'OK';
  return { status, verifiedTo, lastVerifiedAt, lastFullVerification, reason: null };
}

/** The verifier's alerts, and of the gateway's those about places that the verifier does not speak of. */
function merge(theirs: VerifierReport['alerts'], ours: readonly ChainAlert[]): ChainAlert[] {
  const shown = theirs.map(({ severity, code, message, affectedRange, detectedAt }) => ({
    ...{ severity, code, message, affectedRange, detectedAt },
  }));
  const isTold = ({ code, affectedRange: { from } }: ChainAlert): boolean =>
    theirs.some(
      (one) =>
        one.firstBadPosition === from ||
        (one.code === code && one.affectedRange.from <= from && from <= one.affectedRange.to),
    );
  return [...shown, ...ours.filter((alert) => !isTold(alert))].sort(
    (one, other) => one.affectedRange.from - other.affectedRange.from,
  );
}

function verdictOf(alerts: VerifierReport['alerts']): Verdict {
  const codes = new Set(alerts.map(({ code }) => code));
  if (codes.has('FORK')) return 'FORK';
  if (codes.has('ROLLBACK')) return 'ROLLBACK';
  return codes.size === 1 && codes.has('STALE') ? 'STALE' : 'TAMPERED';
}

function smallest(positions: readonly (number | null)[]): number | null {
  const known = positions.filter((position) => position !== null);
  return known.length === 0 ? null : Math.min(...known);
}
