import type { ChainAlert, ChainAlertCode } from '@audital/contracts';

/** What a pass over a chain found wrong. Positions, both inclusive. */
export interface PassFinding {
  code: ChainAlertCode;
  from: number;
  to: number;
  message: string;
}

const ALERTS_MAX = 100;

/** By position; neighbours of one code become one, whose message is that of the first. */
export function inOrder(findings: readonly PassFinding[]): PassFinding[] {
  const merged: PassFinding[] = [];
  for (const finding of [...findings].sort((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last?.code === finding.code && finding.from <= last.to + 1) last.to = Math.max(last.to, finding.to);
    else merged.push({ ...finding });
  }
  return merged;
}

/**
 * The alerts that stand after a pass. A pass over the whole chain is the last word on what was known when it started: what it does not find is
 * over. One over the new part only adds. What was found before keeps the time at which it was first found.
 */
export function alertsAfter(
  before: readonly ChainAlert[],
  found: readonly PassFinding[],
  o: { isWhole: boolean; startedAt: string; now: string },
): ChainAlert[] {
  const keyOf = ({ code, from }: { code: string; from: number }): string => `${code} ${from}`;
  const known = new Map(
    before.map((alert) => [keyOf({ code: alert.code, from: alert.affectedRange.from }), alert] as const),
  );
  const standing = new Map([...known].filter(([, { detectedAt }]) => !o.isWhole || detectedAt >= o.startedAt));
  for (const { code, from, to, message } of inOrder(found)) {
    const detectedAt = known.get(keyOf({ code, from }))?.detectedAt ?? o.now;
    const range = { from, to: Math.max(from, to) };
    standing.set(keyOf({ code, from }), {
      code,
      severity: code === 'STALE' ? 'HIGH' : 'CRITICAL',
      affectedRange: range,
      firstBadPosition: from,
      detectedAt,
      message,
    });
  }
  return [...standing.values()]
    .sort((one, other) => one.firstBadPosition - other.firstBadPosition)
    .slice(0, ALERTS_MAX);
}
