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

/**
 * GetObject and HeadObject. A missing key is 404 for those who may list the bucket and 403 for the others, who could otherwise find out
 * what exists; an object under a KMS key needs kms:Decrypt on it too.
 */
export function readObject(account: Account, caller: Caller, address: { bucket: string; key: string }): StoredObject {
  const { bucket, key } = address;
  const denied = (): AwsError => new AwsError('AccessDenied', 'Access Denied', { status: 403 });
  if (!isAllowed(account, caller, 's3:GetObject', `arn:aws:s3:::${bucket}/${key}`)) throw denied();
  if (!account.objects.hasBucket(bucket)) {
    throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });
  }
  const object = account.objects.get(bucket, key);
  if (object === null) {
    if (!isAllowed(account, caller, 's3:ListBucket', `arn:aws:s3:::${bucket}`)) throw denied();
    throw new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404 });
  }
  if (object.kmsKeyArn !== null && !isAllowed(account, caller, 'kms:Decrypt', object.kmsKeyArn)) {
    const message = `User: ${caller.arn} is not authorized to perform: kms:Decrypt on resource: ${object.kmsKeyArn}`;
    throw new AwsError('AccessDenied', message, { status: 403 });
  }
  return object;
}
