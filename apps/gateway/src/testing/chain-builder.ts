import { generateKeyPairSync, sign } from 'node:crypto';
import {
  appendLeaf,
  canonicalBytes,
  checkpointText,
  emptyTree,
  hashText,
  type NoteSigner,
  payloadHash,
  sealRecord,
  signNote,
  type Tree,
  treeRoot,
  vkeyOf,
  ZERO_HASH,
} from '@audital/chain/write';
import {
  encodeJson,
  type JsonObject,
  LEDGER_TYPES,
  ledgerStreams,
  makeId,
  type OrganisationId,
} from '@audital/contracts';
import { binaryEvent, eventIdOf, type Ledger } from '@audital/ledger';
import { sha256 } from '@audital/chain/node';

export interface EventSketch {
  eventType: string;
  source: string;
  severity: string;
  modelId: string | null;
  integrationId: string | null;
  timestamp: string;
  payload: JsonObject;
  tags: string[];
}

const SEGMENT_ENTRIES = 1000;

/** Writes one organisation's chain as the chain-writer does, from numbers instead of chance: the same calls give the same bytes. */
export class ChainBuilder {
  private tree: Tree = emptyTree();
  private head = ZERO_HASH;
  private readonly signer: NoteSigner;
  readonly origin: string;
  readonly vkey: string;
  readonly ids: string[] = [];
  private checkpoints = -1;

  constructor(
    private readonly ledger: Ledger,
    readonly organisationId: OrganisationId,
    keys = generateKeyPairSync('ed25519'),
  ) {
    this.origin = `audital.local/log/${organisationId}`;
    const publicKey = new Uint8Array(Buffer.from(keys.publicKey.export({ format: 'jwk' }).x as string, 'base64url'));
    this.signer = { name: this.origin, publicKey, sign: (message) => sign(null, message, keys.privateKey) };
    this.vkey = vkeyOf(sha256, this.origin, publicKey);
  }

  get size(): number {
    return this.tree.size;
  }

  /** Seals LOG_CREATED first, when nothing stands yet. Answers the ids. */
  async seal(...sketches: Partial<EventSketch>[]): Promise<string[]> {
    const first: Partial<EventSketch>[] =
      this.size === 0
        ? [{ eventType: 'LOG_CREATED', source: 'AUDITAL', payload: { origin: this.origin, vkey: this.vkey } }]
        : [];
    const before = this.ids.length + first.length;
    for (const sketch of [...first, ...sketches]) await this.sealOne(sketch);
    return this.ids.slice(before);
  }

  /** Signs the tree as it stands and publishes the note. */
  async checkpoint(root = treeRoot(sha256, this.tree)): Promise<string> {
    const note = signNote(sha256, checkpointText({ origin: this.origin, size: this.size, root }), [this.signer]);
    await this.publish(note);
    return note;
  }

  async publish(note: string): Promise<void> {
    await this.ledger.append(ledgerStreams.checkpoint(this.organisationId), this.checkpoints, [
      binaryEvent(LEDGER_TYPES.checkpoint, new TextEncoder().encode(note)),
    ]);
    this.checkpoints += 1;
  }

  private async sealOne(sketch: Partial<EventSketch>): Promise<void> {
    const position = this.size;
    const { payload = { number: position }, timestamp = '2026-03-02T11:00:00.000Z' } = sketch;
    const bytes = canonicalBytes(payload);
    const salt = sha256(new TextEncoder().encode(`salt ${position}`));
    const segment = Math.floor(position / SEGMENT_ENTRIES);
    const revision = position % SEGMENT_ENTRIES;
    const stored = new Uint8Array([...salt, ...bytes]);
    await this.ledger.append(ledgerStreams.payload(this.organisationId, segment), revision - 1, [
      binaryEvent(LEDGER_TYPES.payload, stored),
    ]);
    const id = makeId(
      'evt',
      Date.parse(timestamp),
      sha256(new TextEncoder().encode(`${this.organisationId} ${position}`)).slice(0, 10),
    );
    const record = sealRecord(sha256, {
      v: 1,
      origin: this.origin,
      chainPosition: position,
      id,
      eventType: sketch.eventType ?? 'TRAINING_COMPLETED',
      source: sketch.source ?? 'AWS_SAGEMAKER',
      severity: sketch.severity ?? 'INFO',
      modelId: sketch.modelId ?? null,
      integrationId: sketch.integrationId ?? null,
      timestamp,
      observedAt: timestamp,
      recordedAt: '2026-03-02T12:00:00.000Z',
      captureMode: 'POLL',
      actor: { type: 'SERVICE', id: 'sagemaker-collector' },
      tags: sketch.tags ?? [],
      payloadHash: hashText(payloadHash(sha256, salt, bytes)),
      prevHash: this.head,
    });
    const metadata = encodeJson({ segment, revision, batchStart: position });
    const event = { id: eventIdOf(record.blockHash), type: LEDGER_TYPES.record, data: record.bytes, metadata };
    await this.ledger.append(ledgerStreams.chain(this.organisationId), position - 1, [event]);
    this.tree = appendLeaf(sha256, this.tree, record.blockHash);
    this.head = hashText(record.blockHash);
    this.ids.push(id);
  }
}
