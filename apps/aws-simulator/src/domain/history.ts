import type { Region } from './account';
import type { History } from './collection';
import { uniform } from './faults';
import { moveJob, newTrainingJob, passPhases, type TrainingJob, trainingSpec } from './training-job';

export interface HistoryRange {
  prefix: string;
  count: number;
  from: number;
  to: number;
  tags: Record<string, string>;
  /** So many of the newest share one creation millisecond. */
  sharedMillisecond: number;
  seed: number;
  ordinal: number;
}

/**
 * Ended training jobs that are computed when they are read. Names carry the index in fixed width, so their order is that of creation.
 * One in twenty failed.
 */
export function trainingHistory(region: Region, accountId: string, range: HistoryRange): History<TrainingJob> {
  const digits = String(range.count - 1).length;
  const distinct = Math.max(1, range.count - range.sharedMillisecond);
  const step = (range.to - range.from) / distinct;
  const createdAt = (index: number): number => range.from + Math.floor(Math.min(index, distinct - 1) * step);
  const at = (index: number): TrainingJob => {
    const name = `${range.prefix}-${String(index).padStart(digits, '0')}`;
    const spec = trainingSpec(name, accountId, {});
    const arn = region.arn('training-job', name);
    const job = newTrainingJob(createdAt(index), { name, arn, ordinal: range.ordinal + index, spec });
    job.generatedTags = range.tags;
    return ended(job, Math.min(range.to, job.createdAt + 600_000), uniform(range.seed, index));
  };
  const indexOf = (name: string): number | null => {
    const digitsOf = name.slice(range.prefix.length + 1);
    const fits = name.startsWith(`${range.prefix}-`) && digitsOf.length === digits && /^\d+$/.test(digitsOf);
    return fits && Number(digitsOf) < range.count ? Number(digitsOf) : null;
  };
  return {
    size: range.count,
    at,
    byName: (name) => {
      const index = indexOf(name);
      return index === null ? undefined : at(index);
    },
  };
}

function ended(job: TrainingJob, at: number, chance: number): TrainingJob {
  const failed = chance < 0.05;
  passPhases(job, at);
  const status = failed ? 'Failed' : 'Completed';
  moveJob(job, at, { status, secondaryStatus: status, message: `Training job ${status.toLowerCase()}` });
  job.failureReason = failed ? 'AlgorithmError: ExecuteUserScriptError: exit code 1' : null;
  job.metrics = failed ? [] : [{ name: 'validation:auc', value: Math.round((0.7 + chance / 5) * 1e4) / 1e4, at }];
  return job;
}
