import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BulkChain } from './bulk-chain.mjs';
import { contracts, ledgers, ofApp } from './built.mjs';
import { organisationId } from './sample.mjs';
import { LOG_ORIGIN, masterSecret } from './writer.mjs';

const { openCheckpointStore } = ofApp('chain-writer', 'adapters/checkpoint-store');
const { IdentityIndex } = ofApp('chain-writer', 'adapters/identity-index');
const { organisationKeys } = ofApp('chain-writer', 'adapters/keys');

const PORTION = 1_000;

/**
 * Lays a signed chain of `length` records, and the writer's index of it, into a folder, as `openWriter` finds them. Without the payloads
 * of old events, which no append looks at.
 */
export async function layChain(folder, length, onProgress = () => undefined) {
  const organisation = organisationId();
  const keys = organisationKeys(masterSecret, organisation, LOG_ORIGIN);
  mkdirSync(folder, { recursive: true });
  const ledger = await ledgers.openLedger(`sqlite:${join(folder, 'ledger', 'ledger.sqlite')}`, {
    writes: ['chain-', 'payload-'],
  });
  // Nobody needs it after a crash: it is laid once more.
  ledger.file.db.exec('PRAGMA synchronous = OFF');
  const index = new IdentityIndex(join(folder, 'index'));
  const bulk = new BulkChain(keys.origin, organisation);
  while (bulk.size < length) {
    const portion = Array.from({ length: Math.min(PORTION, length - bulk.size) }, () => {
      const { position } = { position: bulk.size };
      return bulk.next(position === 0 ? { origin: keys.origin, vkey: keys.key(1).vkey } : { number: position });
    });
    await append(ledger, organisation, portion);
    await index.add(
      organisation,
      portion.map(({ id, position }) => ({ identity: contracts.identityOf(id), position, isLoss: false })),
    );
    onProgress(bulk.size);
    await new Promise((resolve) => setImmediate(resolve));
  }
  index.setStamp(organisation, { tree: bulk.tree, head: bulk.head, lastRecordedAt: bulk.lastRecordedAt });
  const checkpoints = openCheckpointStore(`sqlite:${join(folder, 'checkpoints', 'checkpoints.sqlite')}`);
  await checkpoints.swap(keys.origin, null, bulk.checkpoint(keys.key(1).signer));
  await checkpoints.close();
  await index.close();
  await ledger.close();
}

async function append(ledger, organisation, portion) {
  const segment = Math.floor(portion[0].position / PORTION);
  const batchStart = portion[0].position;
  const records = portion.map(({ position, record, blockHash }) => ({
    id: ledgers.eventIdOf(blockHash),
    type: contracts.LEDGER_TYPES.record,
    data: record,
    metadata: contracts.encodeJson({ segment, revision: position % PORTION, batchStart }),
  }));
  await ledger.append(contracts.ledgerStreams.chain(organisation), batchStart - 1, records);
  const [{ salt, payload }] = portion;
  const entry = ledgers.binaryEvent(contracts.LEDGER_TYPES.payload, Buffer.concat([salt, payload]));
  await ledger.append(contracts.ledgerStreams.payload(organisation, segment), -1, [entry]);
}
