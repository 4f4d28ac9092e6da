import type { Severity } from '@audital/contracts';

/** One violation of a monitor's report, with the numbers that its severity is made from. */
export interface Violation {
  checkType: string;
  /** A feature, a metric, a facet or a label: what was violated. */
  subject: string | null;
  /** The drift, score or metric value; null when the report has no number. */
  value: number | null;
  threshold: number | null;
  description: string;
  /** A feature, or the facet of a bias. */
  feature?: string;
  metric?: string;
  facetValue?: string;
  label?: string;
}

export interface SeverityBasis {
  checkType: string;
  subject: string | null;
  value: number | null;
  threshold: number | null;
  /** Null: there is no number. */
  ratio: number | 'Infinity' | null;
  rule: 'DRIFT_OVER_THRESHOLD' | 'THRESHOLD_OVER_SCORE' | 'COLUMN_CHANGED' | 'NO_NUMBER';
}

const COLUMN_CHECKS = new Set(['missing_column_check', 'extra_column_check']);
/** Violated from below: the smaller the score, the worse. */
const SCORE_CHECKS = new Set(['feature_attribution_drift_check', 'LessThanThreshold']);
const RANK: Severity[] = ['INFO', 'MEDIUM', 'HIGH', 'CRITICAL'];

/** The published function (DESIGN §2, facts/aws §5): r below 1.25 MEDIUM, below 2 HIGH, else CRITICAL. */
export function severityOf(violation: Violation): { severity: Severity; basis: SeverityBasis } {
  const { checkType, subject, value, threshold } = violation;
  const inputs = { checkType, subject, value, threshold };
  if (COLUMN_CHECKS.has(checkType))
    return { severity: 'HIGH', basis: { ...inputs, ratio: null, rule: 'COLUMN_CHANGED' } };
  const fromBelow = SCORE_CHECKS.has(checkType);
  const bias = checkType === 'bias_drift_check';
  const [over, under] = fromBelow ? [threshold, value] : bias ? [abs(value), abs(threshold)] : [value, threshold];
  const ratio = ratioOf(over, under);
  if (ratio === null) return { severity: 'MEDIUM', basis: { ...inputs, ratio: null, rule: 'NO_NUMBER' } };
  const rule = fromBelow ? 'THRESHOLD_OVER_SCORE' : 'DRIFT_OVER_THRESHOLD';
  const severity = ratio < 1.25 ? 'MEDIUM' : ratio < 2 ? 'HIGH' : 'CRITICAL';
  return { severity, basis: { ...inputs, ratio: Number.isFinite(ratio) ? ratio : 'Infinity', rule } };
}

const abs = (value: number | null): number | null => (value === null ? null : Math.abs(value));

/** Zero below is the limit, infinity; numbers of unlike sign have no ratio. */
function ratioOf(over: number | null, under: number | null): number | null {
  if (over === null || under === null || Number.isNaN(over) || Number.isNaN(under)) return null;
  if (under === 0) return over > 0 ? Infinity : null;
  return over / under >= 0 ? over / under : null;
}

/** The worst first; among equals the one that is furthest over, then by name. */
export function worstFirst(violations: Violation[]): Violation[] {
  const key = (violation: Violation): [number, number, string] => {
    const { severity, basis } = severityOf(violation);
    return [
      RANK.indexOf(severity),
      basis.ratio === 'Infinity' ? Infinity : (basis.ratio ?? 0),
      violation.subject ?? '',
    ];
  };
  return violations.toSorted((a, b) => {
    const [one, two] = [key(a), key(b)];
    return two[0] - one[0] || (two[1] === one[1] ? 0 : two[1] - one[1]) || (one[2] < two[2] ? -1 : 1);
  });
}
