import { GetObjectCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ReportPlace } from '@audital/contracts';
import type { Probed } from '../domain/doctor-rows';
import { probed } from './permission-probes';
import { type SessionCredentials, TEST_CLIENT } from './role-under-test';

/** By action; `kms:Decrypt` is null where no key of the customer's protects the report, so that nothing was asked of KMS. */
export type ReportAnswers = Partial<Record<string, Probed | null>>;

/** Reports and baselines lie in one bucket, under whatever folders the customer chose. */
export function placeOf(folder: string): ReportPlace & { path: string } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(folder) ?? [];
  return { bucket, path, prefix: '' };
}

/** Asks for the report itself: whether a key of KMS may be used shows only in what it encrypts. One byte is read. */
export async function probeReport(
  credentials: SessionCredentials,
  o: { region: string; folder: string },
): Promise<ReportAnswers> {
  const { bucket, path } = placeOf(o.folder);
  const s3 = new S3Client({
    region: o.region,
    credentials,
    forcePathStyle: true,
    followRegionRedirects: true,
    ...TEST_CLIENT,
  });
  let encrypted = false;
  const read = async (): Promise<void> => {
    const key = `${path}/constraint_violations.json`;
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: 'bytes=0-0' }));
    encrypted = object.ServerSideEncryption?.startsWith('aws:kms') === true;
    await object.Body?.transformToByteArray();
  };
  try {
    const listed = await probed(() => s3.send(new HeadBucketCommand({ Bucket: bucket })));
    const got = await probed(read);
    const byKey = got.outcome === 'DENIED' && /kms:/i.test(got.words);
    return {
      's3:ListBucket': listed,
      // What KMS refuses has been let through by S3.
      's3:GetObject': byKey ? { outcome: 'ALLOWED', words: '' } : got,
      'kms:Decrypt': byKey || encrypted ? got : null,
    };
  } finally {
    s3.destroy();
  }
}
