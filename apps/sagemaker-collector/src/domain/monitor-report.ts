import type { Violation } from './severity';

interface RawViolation {
  feature_name?: string;
  metric_name?: string;
  facet?: string;
  facet_value?: string;
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
    const description = words(raw.description) ?? '';
    const groups = NUMBERS.map((pattern) => pattern.exec(description)?.groups).find(Boolean);
    const [feature, metric, facet, label] = [raw.feature_name, raw.metric_name, raw.facet, raw.label].map(words);
    return {
      checkType: words(raw.constraint_check_type) ?? 'unknown',
      subject: feature ?? facet ?? label ?? metric ?? null,
      description,
      value: number(groups?.['value']),
      threshold: number(groups?.['threshold']),
      ...(feature || facet ? { feature: (feature ?? facet) as string } : {}),
      ...(metric ? { metric } : {}),
      ...(facet ? { facetValue: words(raw.facet_value) ?? '' } : {}),
      ...(label ? { label } : {}),
    };
  });
}

const words = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;

function number(text: string | undefined): number | null {
  const value = Number((text ?? 'x').replace(/\.$/, ''));
  return Number.isFinite(value) ? value : null;
}

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** Of a feature mean and standard deviation, of a metric or an attribution its value: what the file has. */
export type Statistic =
  { mean: number | null; stddev: number | null } | { value: number | null; stddev: number | null };

/** statistics.json of a data quality monitor, for one numerical feature. */
export function featureStatistic(text: string, feature: string): Statistic | null {
  const { features } = JSON.parse(text) as {
    features?: { name?: string; numerical_statistics?: { mean?: unknown; std_dev?: unknown } }[];
  };
  const numerical = features?.find(({ name }) => name?.trim() === feature)?.numerical_statistics;
  return numerical ? { mean: finite(numerical.mean), stddev: finite(numerical.std_dev) } : null;
}

/** statistics.json of a model quality monitor, for one metric; the deviation may be the text "NaN". */
export function metricStatistic(text: string, metric: string): Statistic | null {
  const groups = Object.values(
    JSON.parse(text) as Record<string, Record<string, { value?: unknown; standard_deviation?: unknown }>>,
  );
  const found = groups.find((group) => typeof group === 'object' && group !== null && metric in group)?.[metric];
  return found ? { value: finite(found.value), stddev: finite(found.standard_deviation) } : null;
}

/** constraints.json of a model quality monitor. */
export function metricThreshold(text: string, metric: string): number | null {
  const groups = Object.values(JSON.parse(text) as Record<string, Record<string, { threshold?: unknown }>>);
  const found = groups.find((group) => typeof group === 'object' && group !== null && metric in group)?.[metric];
  return finite(found?.threshold);
}

interface BiasAnalysis {
  facets?: Record<string, { value_or_threshold?: unknown; metrics?: { name?: string; value?: unknown }[] }[]>;
}

/** analysis.json of a bias monitor, and its baseline, which is constraints.json of the same form. */
export function biasValue(text: string, of: { facet: string; facetValue: string; metric: string }): number | null {
  const groups = Object.values(JSON.parse(text) as Record<string, BiasAnalysis | string>);
  for (const group of groups) {
    const facet = typeof group === 'object' && group !== null ? group.facets?.[of.facet] : undefined;
    const slice = facet?.find(({ value_or_threshold }) => String(value_or_threshold) === of.facetValue) ?? facet?.[0];
    const metric = slice?.metrics?.find(({ name }) => name === of.metric);
    if (metric) return finite(metric.value);
  }
  return null;
}

interface Explanations {
  explanations?: Record<string, Record<string, { global_shap_values?: Record<string, unknown> }>>;
}

/** analysis.json of an explainability monitor, and its baseline: the global attribution of each feature under one label. */
export function attributions(text: string, label: string | undefined): Record<string, number> {
  const { explanations = {} } = JSON.parse(text) as Explanations;
  const labels = Object.values(explanations).find((one) => typeof one === 'object' && one !== null) ?? {};
  const values = (label === undefined ? undefined : labels[label]) ?? Object.values(labels)[0];
  return Object.fromEntries(
    Object.entries(values?.global_shap_values ?? {}).flatMap(([feature, value]) => {
      const known = finite(value);
      return known === null ? [] : [[feature, known]];
    }),
  );
}
