import type { Violation } from './severity';

interface RawViolation {
  feature_name?: string;
  metric_name?: string;
  facet?: string;
  label?: string;
  constraint_check_type?: string;
  description?: string;
}

/** The numbers stand in free text only; each pattern is one that AWS's containers write (facts/aws §4.2). */
const NUMBERS = [
  /distance:\s*(?<value>[\d.eE+-]+)\s+exceeds threshold:\s*(?<threshold>[\d.eE+-]+)/,
  /with\s+(?<value>[\d.eE+-]+)(?:\s*\+\/-\s*\S+)?\s+was\s+\w+\s+(?<threshold>[\d.eE+-]+)/,
  /drift\s+(?<value>[\d.eE+-]+)\s+exceeds threshold\s+(?<threshold>[\d.eE+-]+)/,
  /Value\s+(?<value>[\d.eE+-]+)\s+does not meet/,
];

/** constraint_violations.json of any monitor; throws for what is no such file. */
export function parseViolations(text: string): Violation[] {
  const { violations } = JSON.parse(text) as { violations?: RawViolation[] };
  if (!Array.isArray(violations)) throw new Error('The report has no list of violations.');
  return violations.map((raw) => {
    const description = raw.description ?? '';
    const groups = NUMBERS.map((pattern) => pattern.exec(description)?.groups).find(Boolean);
    const subject = raw.feature_name ?? raw.metric_name ?? raw.facet ?? raw.label ?? null;
    return {
      checkType: raw.constraint_check_type ?? 'unknown',
      subject: subject?.trim() ?? null,
      description,
      value: number(groups?.['value']),
      threshold: number(groups?.['threshold']),
    };
  });
}

function number(text: string | undefined): number | null {
  const value = Number((text ?? 'x').replace(/\.$/, ''));
  return Number.isFinite(value) ? value : null;
}

export interface FeatureStatistic {
  mean: number | null;
  stdDev: number | null;
}

/** statistics.json of a data quality monitor, for one feature. */
export function parseStatistic(text: string, feature: string): FeatureStatistic | null {
  const { features } = JSON.parse(text) as {
    features?: { name?: string; numerical_statistics?: { mean?: unknown; std_dev?: unknown } }[];
  };
  const numerical = features?.find(({ name }) => name === feature)?.numerical_statistics;
  if (!numerical) return null;
  const finite = (value: unknown): number | null =>
    typeof value === 'number' && Number.isFinite(value) ? value : null;
  return { mean: finite(numerical.mean), stdDev: finite(numerical.std_dev) };
}
