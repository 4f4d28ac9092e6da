import { createHash } from 'node:crypto';
import type { DescribeProcessingJobCommandOutput as ProcessingJob } from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import { filesWanted, type ReportFile, type ReportFiles } from './domain/monitor-evidence';
import { parseViolations } from './domain/monitor-report';
import { type MonitorReport, reportLocations } from './domain/monitors';
import type { CaptureGap } from './domain/payload';
import type { Pass } from './pass';

interface Reading {
  pass: Pass;
  gaps: CaptureGap[];
  /** Everything that was read, with its digest. */
  files: { uri: string; sha256: string }[];
}

/** The violations of a run, and the files that give them numbers. What cannot be read is named in captureGaps, and never silence. */
export async function readReport(pass: Pass, job: ProcessingJob, gaps: CaptureGap[]): Promise<MonitorReport | null> {
  const { folder, baselineStatistics, baselineConstraints } = reportLocations(job);
  if (folder === null) return null;
  const reading: Reading = { pass, gaps, files: [] };
  const text = await violationsText(reading, folder);
  if (text === null) return null;
  let violations: MonitorReport['violations'];
  try {
    violations = parseViolations(text);
  } catch {
    gaps.push({ field: 'violations', reason: 'REPORT_NOT_UNDERSTOOD', permission: null });
    return null;
  }
  const uris: Record<ReportFile, string | null> = {
    statistics: `${folder}/statistics.json`,
    analysis: `${folder}/analysis.json`,
    baselineStatistics,
    baselineConstraints,
  };
  const others: ReportFiles = { statistics: null, analysis: null, baselineStatistics: null, baselineConstraints: null };
  for (const name of filesWanted(violations)) {
    const uri = uris[name];
    if (uri !== null) others[name] = await readText(reading, uri, name);
  }
  return { files: reading.files, violations, others };
}

/** AWS's own documentation spells the name in two ways. */
async function violationsText(reading: Reading, folder: string): Promise<string | null> {
  const field = 'violations';
  for (const name of ['constraint_violations.json', 'constraints_violations.json']) {
    const text = await readText(reading, `${folder}/${name}`, field);
    if (text !== null) {
      const [own, others] = [reading.gaps.filter((gap) => gap.field !== field), reading.gaps];
      others.splice(0, others.length, ...own);
      return text;
    }
  }
  return null;
}

async function readText({ pass, gaps, files }: Reading, uri: string, field: string): Promise<string | null> {
  try {
    const bytes = await pass.aws.readObject(uri);
    files.push({ uri, sha256: createHash('sha256').update(bytes).digest('hex') });
    return new TextDecoder().decode(bytes);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'THROTTLED' || failure === 'AWAY' || failure === 'EXPIRED') throw error;
    const gap = gapOf(error, field);
    if (!gaps.some(({ field: of, reason }) => of === field && reason === gap.reason)) gaps.push(gap);
    return null;
  }
}

function gapOf(error: unknown, field: string): CaptureGap {
  const failure = failureOf(error);
  if (failure === 'NOT_FOUND') return { field, reason: 'NOT_FOUND', permission: null };
  if (failure !== 'DENIED') return { field, reason: 'UNREADABLE', permission: null };
  // An object under a key of its own needs both; S3 says which is missing. One that is not there is denied too, without s3:ListBucket.
  const permission = /kms:/.test((error as Error).message) ? 'kms:Decrypt' : 's3:GetObject';
  return { field, reason: 'ACCESS_DENIED', permission };
}
