import type { Command } from '../domain/commands';

const NAMESPACE = '/aws/sagemaker/TrainingJobs';
const MINUTE_MS = 60_000;

/** One value for each minute. */
type Curves = Record<string, number[]>;

/** What CloudWatch has of a training from `fromMs` on: its own metrics under its name, those of its only machine under the host's. */
export function measured(job: string, fromMs: number, { own, machine }: { own: Curves; machine: Curves }): Command {
  const points = (curves: Curves, dimensions: Record<string, string>) =>
    Object.entries(curves).flatMap(([name, values]) =>
      values.map((value, minute) => ({
        name,
        dimensions,
        value,
        at: new Date(fromMs + minute * MINUTE_MS).toISOString(),
      })),
    );
  return {
    type: 'putMetricData',
    namespace: NAMESPACE,
    metrics: [...points(own, { TrainingJobName: job }), ...points(machine, { Host: `${job}/algo-1` })],
  };
}

export const FIRST_CURVES = {
  own: { 'train:auc': [0.874, 0.912], 'validation:auc': [0.848, 0.871] },
  machine: { CPUUtilization: [741.2, 768.9], MemoryUtilization: [31.5, 33.8] },
};

/** It shows in the machine's memory why this one failed; it never came to a validation. */
export const FAILING_CURVES = {
  own: { 'train:auc': [0.881] },
  machine: { CPUUtilization: [752.4, 779.1, 790.3], MemoryUtilization: [61.2, 83.4, 97.6] },
};

export const SECOND_CURVES = {
  own: {
    'train:auc': [0.862, 0.884, 0.897, 0.908, 0.915, 0.921],
    'validation:auc': [0.851, 0.868, 0.88, 0.887, 0.892, 0.894],
  },
  machine: {
    CPUUtilization: [744.8, 771.6, 775.2, 773.9, 770.1, 776.4],
    MemoryUtilization: [36.1, 38.2, 38.4, 38.3, 38.5, 38.4],
  },
};
