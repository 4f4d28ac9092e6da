import { fromUtf8, type Sha256, parseRecord, payloadMatches } from '@audital/chain/check';
import type { OrganisationId } from '@audital/contracts';
import type { StoredEvents } from '@audital/ledger';

/**
 * The key that a log names in its first event. It is believed once, when nothing is pinned yet; from then on it is asked for no more.
 * Null: there is no such event, or it cannot be read whole.
 */
export async function firstVkey(
  stored: StoredEvents,
  sha256: Sha256,
  organisationId: OrganisationId,
): Promise<string | null> {
  const first = (await stored.records(organisationId, [0])).get(0);
  if (first === undefined) return null;
  const payload = (await stored.payloads(organisationId, [first])).get(0);
  try {
    const record = parseRecord(first.data);
    if (record.eventType !== 'LOG_CREATED' || payload?.state !== 'PRESENT' || !payloadMatches(sha256, record, payload))
      return null;
    const { vkey } = JSON.parse(fromUtf8(payload.bytes)) as { vkey?: unknown };
    return typeof vkey === 'string' ? vkey : null;
  } catch {
    return null;
  }
}
