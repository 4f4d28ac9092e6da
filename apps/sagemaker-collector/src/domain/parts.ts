import { createHash } from 'node:crypto';
import {
  type CursorChange,
  type CursorStep,
  type Integration,
  LIMITS,
  moveBytes,
  type Observation,
  type SealRequest,
} from '@audital/contracts';

/** Room for the envelope around observations and changes. */
const ENVELOPE_BYTES = 2_048;

/**
 * Observations with the cursor changes that they justify, in messages small enough (DESIGN §1.3): what was detected together stays
 * together, and part n+1 starts at the revision that part n makes, and names it.
 */
export function toParts(
  detected: { observations: Observation[]; changes: CursorChange[] }[],
  integration: Integration,
  cursor: { stream: string; revision: number },
  bytesMax = LIMITS.partBytesMax as number,
): SealRequest[] {
  const groups: { observations: Observation[]; changes: CursorChange[]; bytes: number }[] = [];
  for (const { observations, changes } of detected) {
    if (observations.length + changes.length === 0) continue;
    const bytes = Buffer.byteLength(JSON.stringify([observations, changes]));
    const open = groups.at(-1);
    if (open && open.bytes + bytes + ENVELOPE_BYTES <= bytesMax) {
      open.observations.push(...observations);
      open.changes.push(...changes);
      open.bytes += bytes;
    } else {
      groups.push({ observations: [...observations], changes: [...changes], bytes });
    }
  }
  const { organisationId, integrationId, revision: integrationRevision } = integration;
  return groups.map(({ observations, changes }, index) => ({
    v: 1,
    organisationId,
    integrationId,
    observations,
    cursor: {
      stream: cursor.stream,
      expectedRevision: cursor.revision + index,
      ...follows(groups[index - 1]?.changes),
      integrationRevision,
      changes,
    },
  }));
}

const follows = (before: CursorChange[] | undefined): Pick<CursorStep, 'follows'> =>
  before ? { follows: `sha256:${createHash('sha256').update(moveBytes(before)).digest('hex')}` } : {};
