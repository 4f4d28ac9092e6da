import type { Command } from '../domain/commands';
import type { Json, JsonObject } from '../domain/json';

/** Where the customer keeps baselines and reports. */
export const MONITORING_BUCKET = 'credit-scorer-monitoring-123456789012';
export const BASELINE_URI = `s3://${MONITORING_BUCKET}/baseline/credit-scorer-prod`;
export const REPORTS_URI = `s3://${MONITORING_BUCKET}/reports`;

interface Feature {
  name: string;
  mean: number;
  stdDev: number;
}

const BASELINE: Feature[] = [
  { name: 'annual_income', mean: 48_250.5, stdDev: 21_480.2 },
  { name: 'debt_to_income', mean: 0.31, stdDev: 0.11 },
  { name: 'loan_amount', mean: 12_400, stdDev: 6_900 },
  { name: 'months_employed', mean: 61.4, stdDev: 44.8 },
];

/** After the drift: people with more debt apply. */
const DRIFTED: Feature[] = BASELINE.map((feature) =>
  feature.name === 'debt_to_income' ? { ...feature, mean: 0.47, stdDev: 0.16 } : feature,
);

const DRIFT_THRESHOLD = 0.3;

const statistics = (features: Feature[], itemCount: number): JsonObject => ({
  version: 0.0,
  dataset: { item_count: itemCount },
  features: features.map(({ name, mean, stdDev }): Json => ({
    name,
    inferred_type: 'Fractional',
    numerical_statistics: {
      common: { num_present: itemCount, num_missing: 0 },
      mean,
      sum: mean * itemCount,
      std_dev: stdDev,
      min: Math.max(0, mean - 3 * stdDev),
      max: mean + 3 * stdDev,
    },
  })),
});

const constraints: JsonObject = {
  version: 0.0,
  features: BASELINE.map(({ name }): Json => ({
    name,
    inferred_type: 'Fractional',
    completeness: 1.0,
    num_constraints: { is_non_negative: true },
  })),
  monitoring_config: {
    evaluate_constraints: 'Enabled',
    emit_metrics: 'Enabled',
    datatype_check_threshold: 1.0,
    domain_content_threshold: 1.0,
    distribution_constraints: {
      perform_comparison: 'Enabled',
      comparison_threshold: DRIFT_THRESHOLD,
      comparison_method: 'Robust',
      categorical_comparison_threshold: 0.1,
      categorical_drift_method: 'LInfinity',
    },
  },
};

/** What the baselining job writes. */
export const baselineFiles: Command[] = [
  {
    type: 'putObject',
    bucket: MONITORING_BUCKET,
    key: 'baseline/credit-scorer-prod/statistics.json',
    body: statistics(BASELINE, 120_000),
  },
  {
    type: 'putObject',
    bucket: MONITORING_BUCKET,
    key: 'baseline/credit-scorer-prod/constraints.json',
    body: constraints,
  },
];

/** One feature has moved by 1.4 times what is allowed, another has gaps. */
export const driftFound: JsonObject = {
  outcome: 'violations',
  violations: [
    {
      feature_name: 'debt_to_income',
      constraint_check_type: 'baseline_drift_check',
      description: `Baseline drift distance: 0.42 exceeds threshold: ${DRIFT_THRESHOLD}`,
    },
    {
      feature_name: 'months_employed',
      constraint_check_type: 'completeness_check',
      description:
        'Data completeness requirement is not met. Expected completeness: 100.0%. Observed: Only 97.31% of data is complete.',
    },
  ],
  statistics: statistics(DRIFTED, 4_180),
  constraints,
  metrics: [
    { name: 'feature_baseline_drift_annual_income', value: 0.04 },
    { name: 'feature_baseline_drift_debt_to_income', value: 0.42 },
    { name: 'feature_baseline_drift_loan_amount', value: 0.07 },
    { name: 'feature_baseline_drift_months_employed', value: 0.05 },
    { name: 'feature_data_debt_to_income', value: 0.47 },
  ],
};

/** The customer's model is as good as it was. */
export const qualityKept: JsonObject = {
  outcome: 'clean',
  statistics: { binary_classification_metrics: { auc: { value: 0.868, standard_deviation: 0.004 } } },
  constraints: {
    binary_classification_constraints: { auc: { threshold: 0.85, comparison_operator: 'LessThanThreshold' } },
  },
  metrics: [{ name: 'auc', value: 0.868 }],
};

/** The second model was trained on such people: against its own baseline nothing has moved. */
export const driftGone: JsonObject = {
  outcome: 'clean',
  statistics: statistics(DRIFTED, 4_310),
  constraints,
  metrics: [
    { name: 'feature_baseline_drift_annual_income', value: 0.03 },
    { name: 'feature_baseline_drift_debt_to_income', value: 0.06 },
  ],
};
