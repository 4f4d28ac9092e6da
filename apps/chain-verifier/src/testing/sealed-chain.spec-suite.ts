import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '@audital/chain/node';
import {
  appendLeaf,
  canonicalBytes,
  type ChainRecord,
  checkpointText,
  emptyTree,
  hashText,
  type NoteSigner,
  payloadHash,
  sealRecord,
  signNote,
  treeRoot,
  vkeyOf,
  ZERO_HASH,
} from '@audital/chain/write';
import { encodeJson, type JsonObject, LEDGER_TYPES, ledgerStreams, type OrganisationId } from '@audital/contracts';
import { binaryEvent, eventIdOf, jsonEvent, type Ledger, NO_STREAM } from '@audital/ledger';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const AT = '2026-03-02T12:00:00.000Z';

export class Key {
  private readonly privateKey;
  readonly publicKey: Uint8Array;

  constructor(seed: string) {
    const der = Buffer.concat([PKCS8_ED25519, sha256(Buffer.from(seed))]);
    this.privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const { x } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    this.publicKey = new Uint8Array(Buffer.from(x as string, 'base64url'));
  }

  vkey(origin: string): string {
    return vkeyOf(sha256, origin, this.publicKey);
  }

  note(origin: string, text: string): string {
    const signer: NoteSigner = {
      name: origin,
      publicKey: this.publicKey,
      sign: (message) => sign(null, message, this.privateKey),
    };
    return signNote(sha256, text, [signer]);
  }
}

export interface Sketch {
  eventType: string;
  source: string;
  tags: string[];
  payload: JsonObject;
  recordedAt: string;
}

export interface SealedEvent {
  record: Uint8Array;
  /** Salt and payload, as they lie in a segment. */
  stored: Uint8Array;
}

/** A whole chain as the chain-writer would seal it, the same for the same key and sketches. The first event is LOG_CREATED. */
export class SealedChain {
  readonly origin: string;
  readonly events: SealedEvent[] = [];
  private tree = emptyTree();
  private head = ZERO_HASH;

  constructor(
    readonly organisationId: OrganisationId,
    readonly key: Key,
  ) {
    this.origin = `audital.local/log/${organisationId}`;
    this.seal({ eventType: 'LOG_CREATED', source: 'AUDITAL', payload: { vkey: key.vkey(this.origin) } });
  }

  static of(organisationId: OrganisationId, key: Key, count: number): SealedChain {
    const chain = new SealedChain(organisationId, key);
    while (chain.size < count) chain.seal();
    return chain;
  }

  get size(): number {
    return this.events.length;
  }

  seal(sketch: Partial<Sketch> = {}): this {
    const position = this.size;
    const payload = canonicalBytes(sketch.payload ?? { run: `credit-scorer-${position}` });
    const salt = sha256(Buffer.from(`salt ${position}`));
    const record: ChainRecord = {
      v: 1,
      origin: this.origin,
      chainPosition: position,
      id: `evt_${String(position).padStart(26, '0')}`,
      eventType: sketch.eventType ?? 'TRAINING_COMPLETED',
      source: sketch.source ?? 'AWS_SAGEMAKER',
      severity: 'INFO',
      modelId: null,
      integrationId: null,
      timestamp: AT,
      observedAt: AT,
      recordedAt: sketch.recordedAt ?? AT,
      captureMode: 'POLL',
      actor: { type: 'SERVICE', id: 'sagemaker-collector' },
      tags: sketch.tags ?? [],
      payloadHash: hashText(payloadHash(sha256, salt, payload)),
      prevHash: this.head,
    };
    const { bytes, blockHash } = sealRecord(sha256, record);
    this.events.push({ record: bytes, stored: Buffer.concat([salt, payload]) });
    this.tree = appendLeaf(sha256, this.tree, blockHash);
    this.head = hashText(blockHash);
    return this;
  }

  /** A checkpoint over all that is sealed, signed by this chain's key or another. */
  note(key = this.key): string {
    const text = checkpointText({ origin: this.origin, size: this.size, root: treeRoot(sha256, this.tree) });
    return key.note(this.origin, text);
  }

  /** Appends what the ledger does not have yet; then, unless `unsigned`, a checkpoint over it. */
  async write(ledger: Ledger, o: { unsigned?: boolean; note?: string } = {}): Promise<void> {
    const { organisationId } = this;
    const organisation = ledgerStreams.organisation(organisationId);
    if ((await ledger.lastRevision(organisation)) === NO_STREAM)
      await ledger.append(organisation, NO_STREAM, [jsonEvent('OrganisationCreated', { organisationId })]);
    const stream = ledgerStreams.chain(organisationId);
    const from = (await ledger.lastRevision(stream)) + 1;
    for (let at = from; at < this.size;) {
      const [segment, revision] = [Math.floor(at / 1000), at % 1000];
      const some = this.events.slice(at, Math.min(this.size, at + 200, 1000 * (segment + 1)));
      const payloads = some.map(({ stored }) => binaryEvent(LEDGER_TYPES.payload, stored));
      await ledger.append(ledgerStreams.payload(organisationId, segment), revision - 1, payloads);
      const records = some.map(({ record }, index) => {
        const metadata = encodeJson({ segment, revision: revision + index, batchStart: at });
        return { id: eventIdOf(sha256(record)), type: LEDGER_TYPES.record, data: record, metadata };
      });
      await ledger.append(stream, at - 1, records);
      at += some.length;
    }
    if (o.unsigned) return;
    const checkpoints = ledgerStreams.checkpoint(organisationId);
    const note = binaryEvent(LEDGER_TYPES.checkpoint, Buffer.from(o.note ?? this.note()));
    await ledger.append(checkpoints, await ledger.lastRevision(checkpoints), [note]);
  }
}

/** Somebody with access to the file: the store's triggers are dropped, and nothing asks what is done to the rows. */
export function bendFile(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
    for (const { sql } of triggers) db.exec(sql);
  } finally {
    db.close();
  }
}
