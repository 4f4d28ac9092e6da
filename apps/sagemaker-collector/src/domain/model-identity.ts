import type { ModelIdentity } from '@audital/contracts';

/**
 * Time stamps and random endings that tools put behind a name: -2026-11-23-21-45-09-123, -20261123214509, -3f9c2ab1; a tuner's
 * -261123-2145 and its trainings' -001-3f9c2ab1, which are tries of one model.
 */
const ENDINGS = [
  /-\d{3}-[0-9a-f]{8}$/,
  /-\d{6}-\d{4}$/,
  /-\d{4}-\d{2}-\d{2}(-\d{2}){0,3}(-\d{1,6})?$/,
  /-\d{8}(-?\d{4,6})?$/,
  /-\d{10,17}$/,
  /-(?=[0-9a-f]*\d)[0-9a-f]{6,40}$/,
];

/** The name without its trailing time stamp, random suffix; a name that would vanish stays whole. */
export function stem(name: string): string {
  for (let rest = name; ;) {
    const shorter = ENDINGS.reduce((text, ending) => text.replace(ending, ''), rest);
    if (shorter === '' || shorter === rest) return rest;
    rest = shorter;
  }
}

/** DESIGN §2, in this order: the value of a configured tag; the training job's name; the model's name. */
export function modelIdentity(o: {
  tag: string | null;
  tags: Record<string, string>;
  trainingJobName: string | null;
  modelName: string | null;
}): ModelIdentity | null {
  const tagged = o.tag === null ? undefined : o.tags[o.tag];
  if (tagged) return { rule: 'TAG', value: tagged };
  if (o.trainingJobName) return { rule: 'TRAINING_JOB_NAME', value: stem(o.trainingJobName) };
  return o.modelName ? { rule: 'MODEL_NAME', value: stem(o.modelName) } : null;
}

/** SageMaker writes artifacts to `<output path>/<training job>/output/model.tar.gz`. */
export function trainingJobOf(artifactUri: string | null): string | null {
  return /^s3:\/\/.*\/([^/]+)\/output\/model\.tar\.gz$/.exec(artifactUri ?? '')?.[1] ?? null;
}
