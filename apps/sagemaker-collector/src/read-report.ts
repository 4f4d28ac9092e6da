import { createHash } from 'node:crypto';
import type { DescribeProcessingJobCommandOutput as ProcessingJob } from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import { type MonitorReport, reportLocations } from './domain/monitors';
import { parseStatistic, parseViolations } from './domain/monitor-report';
import type { CaptureGap } from './domain/payload';
import { worstFirst } from './domain/severity';
import type { Pass } from './pass';

/** Best effort: what cannot be read is named in captureGaps, and never silence (DESIGN §5). */
export async function readReport(pass: Pass, job: ProcessingJob, gaps: CaptureGap[]): Promise<MonitorReport | null> {
  const { folder, baselineStatistics } = reportLocations(job);
  if (folder === null) return null;
  for (const uri of [`${folder}/constraint_violations.json`, `${folder}/constraints_violations.json`]) {
    const bytes = await optional(pass, uri, 'violations', gaps);
    if (bytes === null) continue;
    try {
      const violations = parseViolations(new TextDecoder().decode(bytes));
      const feature = worstFirst(violations)[0]?.subject ?? null;
      const statistic = async (at: string | null) =>
        at && feature ? statisticIn(await optional(pass, at, 'statistics', gaps), feature) : null;
      const [current, baseline] = [await statistic(`${folder}/statistics.json`), await statistic(baselineStatistics)];
      return { uri, sha256: createHash('sha256').update(bytes).digest('hex'), violations, baseline, current };
    } catch {
      gaps.push({ field: 'violations', reason: 'REPORT_NOT_UNDERSTOOD', permission: null });
    }
  }
  return null;
}

function statisticIn(bytes: Uint8Array | null, feature: string) {
  try {
    return bytes && parseStatistic(new TextDecoder().decode(bytes), feature);
  } catch {
    return null;
  }
}

async function optional(pass: Pass, uri: string, field: string, gaps: CaptureGap[]): Promise<Uint8Array | null> {
  try {
    return await pass.aws.readObject(uri);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'THROTTLED' || failure === 'AWAY' || failure === 'EXPIRED') throw error;
    if (failure === 'DENIED' && !gaps.some((gap) => gap.field === field))
      gaps.push({ field, reason: 'ACCESS_DENIED', permission: 's3:GetObject' });
    return null;
  }
}
