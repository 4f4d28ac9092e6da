import type { Account } from '../domain/account';
import type { Caller } from '../domain/iam';
import type { StoredObject } from '../domain/objects';
import { AwsError } from '../domain/refused';
import { isAllowed } from './authorise';

/** Path style (`/bucket/key`), or virtual-hosted under localhost (`bucket.localhost`). */
export function s3Address(host: string, path: string): { bucket: string; key: string } {
  const own = /^(.+)\.localhost(:\d+)?$/.exec(host)?.[1];
  const segments = path.split('/').slice(1).map(decodeURIComponent);
  if (own !== undefined) return { bucket: own, key: segments.join('/') };
  return { bucket: segments[0] ?? '', key: segments.slice(1).join('/') };
}

const denied = (message = 'Access Denied'): AwsError => new AwsError('AccessDenied', message, { status: 403 });
const noBucket = (): AwsError => new AwsError('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });

/** A bucket lies in one region, and says elsewhere in which. */
function assertHere(account: Account, bucket: string, region: string): void {
  const found = account.objects.regionOf(bucket);
  if (found === null) throw noBucket();
  if (found === region) return;
  throw new AwsError(
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    { status: 301, headers: { 'x-amz-bucket-region': found } },
  );
}

/** HeadBucket: who may list the bucket learns that it is there. */
export function headBucket(
  account: Account,
  caller: Caller,
  { bucket, region }: { bucket: string; region: string },
): void {
  const resource = `arn:aws:s3:::${bucket}`;
  if (!isAllowed(account, caller, { action: 's3:ListBucket', resource })) throw denied();
  assertHere(account, bucket, region);
}

/**
 * GetObject and HeadObject. A missing key is 404 for those who may list the bucket and 403 for the others, who could otherwise find out
 * what exists; an object under a KMS key needs kms:Decrypt on it too, which S3 asks for in the caller's name.
 */
export function readObject(
  account: Account,
  caller: Caller,
  address: { bucket: string; key: string; region: string },
): StoredObject {
  const { bucket, key, region } = address;
  if (!isAllowed(account, caller, { action: 's3:GetObject', resource: `arn:aws:s3:::${bucket}/${key}` }))
    throw denied();
  assertHere(account, bucket, region);
  const object = account.objects.get(bucket, key);
  if (object === null) {
    if (!isAllowed(account, caller, { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` })) throw denied();
    throw new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404 });
  }
  if (object.kmsKeyArn !== null) {
    const context = { 'kms:viaservice': `s3.${region}.amazonaws.com` };
    if (!isAllowed(account, caller, { action: 'kms:Decrypt', resource: object.kmsKeyArn, context }))
      throw denied(
        `User: ${caller.arn} is not authorized to perform: kms:Decrypt on resource: ${object.kmsKeyArn} because no identity-based policy allows the kms:Decrypt action`,
      );
  }
  return object;
}
