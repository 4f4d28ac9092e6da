import { KEY_CHANGE_TAG } from '@audital/chain/check';
import type { OrganisationId } from '@audital/contracts';
import type { StoredKeyChange } from '../domain/trust';
import type { ChainIndex } from './chain-index';
import type { StoredEvents } from '@audital/ledger';

/** Nobody changes keys that often; and the index is not asked for more. */
const CHANGES_MAX = 1000;

/** The stored events from a position on that say of themselves that they change keys, as far as the index has read. */
export async function keyChanges(
  stored: StoredEvents,
  index: ChainIndex,
  organisationId: OrganisationId,
  from: number,
): Promise<StoredKeyChange[]> {
  const filter = { eventType: ['CONFIG_CHANGE'], source: ['AUDITAL'], tags: [KEY_CHANGE_TAG] };
  const after = from === 0 ? null : from - 1;
  const positions = index.find({ organisationId, filter, order: 'ASC', after, below: null, limit: CHANGES_MAX });
  if (positions.length === 0) return [];
  const records = await stored.records(organisationId, positions);
  const payloads = await stored.payloads(organisationId, [...records.values()]);
  return positions.flatMap((position) => {
    const payload = payloads.get(position);
    const record = records.get(position)?.data;
    return record && payload?.state === 'PRESENT' ? [{ position, record, payload }] : [];
  });
}
