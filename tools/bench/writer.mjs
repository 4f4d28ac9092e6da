import { join } from 'node:path';
import { ledgers, ofApp } from './built.mjs';
import { organisationId } from './sample.mjs';

const { openCheckpointStore } = ofApp('chain-writer', 'adapters/checkpoint-store');
const { IdentityIndex } = ofApp('chain-writer', 'adapters/identity-index');
const { organisationKeys } = ofApp('chain-writer', 'adapters/keys');
const { OrganisationWriter } = ofApp('chain-writer', 'organisation-writer');

export const LOG_ORIGIN = 'audital.local';
export const masterSecret = Buffer.alloc(32, 7);
const WRITES = ['chain-', 'payload-', 'cursor-', 'checkpoint-'];

/** The chain-writer's own code on SQLite as `npm start` runs it, without the broker in front of it. */
export async function openWriter(folder, o = {}) {
  const organisation = o.organisation ?? organisationId();
  const ledger = await ledgers.openLedger(`sqlite:${join(folder, 'ledger', 'ledger.sqlite')}`, {
    writes: WRITES,
    appendThread: true,
  });
  const kept = openCheckpointStore(`sqlite:${join(folder, 'checkpoints', 'checkpoints.sqlite')}`);
  /** `wrap` may put something else in the place of both stores. */
  const stores = o.wrap?.({ ledger, checkpoints: kept }) ?? { ledger, checkpoints: kept };
  const index = new IdentityIndex(join(folder, 'index'));
  const batches = [];
  const outlets = {
    bury: async () => undefined,
    checkpointPublished: () => undefined,
    onSealed: (records) => void batches.push(records),
    onDropped: () => undefined,
    onStopped: (_id, error) => {
      throw error;
    },
  };
  const writer = new OrganisationWriter(
    organisation,
    organisationKeys(masterSecret, organisation, LOG_ORIGIN),
    { ...stores, index, rollbackPatienceMs: 0 },
    { outlets, settings: { checkpointDelayMs: 200, now: () => new Date() } },
  );
  return {
    organisation,
    writer,
    index,
    /** Records of each batch that was sealed. */
    batches,
    close: async () => {
      await writer.close();
      await index.close();
      await kept.close();
      await ledger.close();
    },
  };
}
