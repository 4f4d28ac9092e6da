import {
  attributions,
  biasValue,
  featureStatistic,
  metricStatistic,
  metricThreshold,
  type Statistic,
} from './monitor-report';
import { type Violation, worstFirst } from './severity';

/** What the public shape of an ALERT leads with. */
export interface Leading {
  violation: Violation;
  feature: string | null;
  baseline: Statistic | null;
  current: Statistic | null;
}

/** The files beside the violations, as texts; null: it could not be read. Which there are depends on the kind of monitor. */
export interface ReportFiles {
  statistics: string | null;
  analysis: string | null;
  baselineStatistics: string | null;
  baselineConstraints: string | null;
}
export type ReportFile = keyof ReportFiles;

const CLARIFY_CHECKS = new Set(['bias_drift_check', 'feature_attribution_drift_check']);

/** Clarify writes analysis.json and takes one like it for its baseline; the analyzer writes statistics.json. */
export function filesWanted(violations: Violation[]): ReportFile[] {
  const [first] = violations;
  if (!first) return [];
  if (CLARIFY_CHECKS.has(first.checkType)) return ['analysis', 'baselineConstraints'];
  if (first.feature) return ['statistics', 'baselineStatistics'];
  return ['statistics', 'baselineStatistics', 'baselineConstraints'];
}

/** Violations with what the other files add to them, the worst first. */
export function completed(violations: Violation[], files: ReportFiles): Violation[] {
  return worstFirst(violations.map((violation) => complete(violation, files)));
}

function complete(violation: Violation, { analysis, baselineConstraints }: ReportFiles): Violation {
  const { checkType, feature, facetValue = '', metric } = violation;
  if (checkType === 'bias_drift_check' && feature && metric) {
    const of = { facet: feature, facetValue, metric };
    return {
      ...violation,
      value: violation.value ?? from(analysis, (text) => biasValue(text, of)),
      threshold: violation.threshold ?? from(baselineConstraints, (text) => biasValue(text, of)),
    };
  }
  if (violation.threshold !== null || feature || !metric) return violation;
  return { ...violation, threshold: from(baselineConstraints, (text) => metricThreshold(text, metric)) };
}

export function leadingOf(violation: Violation, files: ReportFiles): Leading {
  const { checkType, feature, metric, label, facetValue = '' } = violation;
  const { statistics, baselineStatistics, analysis, baselineConstraints } = files;
  if (checkType === 'feature_attribution_drift_check') return attribution(violation, files, label);
  if (checkType === 'bias_drift_check' && feature && metric) {
    const value = (text: string): Statistic => ({
      value: biasValue(text, { facet: feature, facetValue, metric }),
      stddev: null,
    });
    return { violation, feature, baseline: from(baselineConstraints, value), current: from(analysis, value) };
  }
  const read = (text: string): Statistic | null =>
    feature ? featureStatistic(text, feature) : metric ? metricStatistic(text, metric) : null;
  return {
    violation,
    feature: feature ?? null,
    baseline: from(baselineStatistics, read),
    current: from(statistics, read),
  };
}

/** The report names no feature: the one whose attribution moved most says what happened. */
function attribution(
  violation: Violation,
  { analysis, baselineConstraints }: ReportFiles,
  label: string | undefined,
): Leading {
  const now = from(analysis, (text) => attributions(text, label)) ?? {};
  const before = from(baselineConstraints, (text) => attributions(text, label)) ?? {};
  const moved = Object.keys(now)
    .filter((feature) => feature in before)
    .map((feature) => ({ feature, by: Math.abs((now[feature] as number) - (before[feature] as number)) }))
    .sort((a, b) => b.by - a.by || (a.feature < b.feature ? -1 : 1))[0];
  if (!moved) return { violation, feature: null, baseline: null, current: null };
  const { feature } = moved;
  const of = (all: Record<string, number>): Statistic => ({ value: all[feature] as number, stddev: null });
  return { violation, feature, baseline: of(before), current: of(now) };
}

/** A file in another form than the known ones adds nothing, and takes nothing away. */
function from<T>(text: string | null, read: (text: string) => T): T | null {
  try {
    return text === null ? null : read(text);
  } catch {
    return null;
  }
}
