import { createHash } from 'node:crypto';
import { command } from './command';
import { Refused } from './refused';
import { anything, optional, text } from './shape';

export interface StoredObject {
  body: Buffer;
  etag: string;
  modifiedAt: number;
  contentType: string;
  /** Reading it needs kms:Decrypt on this key too. */
  kmsKeyArn: string | null;
}

interface Bucket {
  region: string;
  objects: Map<string, StoredObject>;
}

/** S3, as far as monitoring reports need it: whole objects, read and written at once. A bucket lies where its first object came from. */
export class ObjectStore {
  private readonly buckets = new Map<string, Bucket>();

  put(region: string, address: { bucket: string; key: string }, object: Omit<StoredObject, 'etag'>): void {
    const bucket = this.buckets.get(address.bucket) ?? { region, objects: new Map<string, StoredObject>() };
    bucket.objects.set(address.key, { ...object, etag: createHash('md5').update(object.body).digest('hex') });
    this.buckets.set(address.bucket, bucket);
  }

  /** Null: there is no such bucket. */
  regionOf(bucket: string): string | null {
    return this.buckets.get(bucket)?.region ?? null;
  }

  get(bucket: string, key: string): StoredObject | null {
    return this.buckets.get(bucket)?.objects.get(key) ?? null;
  }

  delete(bucket: string, key: string): boolean {
    return this.buckets.get(bucket)?.objects.delete(key) ?? false;
  }
}

export const objectCommands = {
  putObject: command(
    { bucket: text, key: text, body: anything, kmsKeyArn: optional(text) },
    ({ account, region, at }, { bucket, key, body, kmsKeyArn = null }) => {
      const isText = typeof body === 'string';
      account.objects.put(
        region.name,
        { bucket, key },
        {
          body: Buffer.from(isText ? body : JSON.stringify(body), 'utf8'),
          modifiedAt: at,
          contentType: isText ? 'text/plain' : 'application/json',
          kmsKeyArn,
        },
      );
    },
  ),
  deleteObject: command({ bucket: text, key: text }, ({ account }, { bucket, key }) => {
    if (!account.objects.delete(bucket, key)) throw new Refused('NOT_FOUND', `s3://${bucket}/${key} does not exist.`);
  }),
};
