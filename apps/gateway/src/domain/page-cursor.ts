import { createHmac, timingSafeEqual } from 'node:crypto';
import type { OrganisationId } from '@audital/contracts';

const MAC_BYTES = 16;

/**
 * Where a list goes on: the position that the page before ended at, which stays right while events arrive. It is opaque and signed, so
 * that nobody builds on its form, and bound to the organisation.
 */
export function makeCursor(secret: Uint8Array, organisationId: OrganisationId, position: number): string {
  const body = Buffer.alloc(8);
  body.writeBigUInt64BE(BigInt(position));
  return Buffer.concat([body, mac(secret, organisationId, body)]).toString('base64url');
}

/** Null for anything that was not made here for this organisation. */
export function openCursor(secret: Uint8Array, organisationId: OrganisationId, cursor: string): number | null {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 8 + MAC_BYTES || bytes.toString('base64url') !== cursor) return null;
  const body = bytes.subarray(0, 8);
  if (!timingSafeEqual(mac(secret, organisationId, body), bytes.subarray(8))) return null;
  return Number(body.readBigUInt64BE());
}

const mac = (secret: Uint8Array, organisationId: string, body: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`cursor\n${organisationId}\n`).update(body).digest().subarray(0, MAC_BYTES);
