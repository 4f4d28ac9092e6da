import { generateKeyPairSync, type KeyPairKeyObjectResult, sign } from 'node:crypto';
import { handoverText } from '@audital/chain/check';
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
const KEY_CHANGE = { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] };

/** Writes one organisation's chain as the chain-writer does, from numbers instead of chance: the same calls give the same bytes. */
export class ChainBuilder {
  private tree: Tree = emptyTree();
  private head = ZERO_HASH;
  /** Every key that it ever had, and which of them sign now. */
  private readonly signers: NoteSigner[] = [];
  private live: number[] = [0];
  readonly origin: string;
  readonly vkeys: string[] = [];
  readonly ids: string[] = [];
  private checkpoints = -1;

  constructor(
    private readonly ledger: Ledger,
    readonly organisationId: OrganisationId,
    keys = generateKeyPairSync('ed25519'),
  ) {
    this.origin = `audital.local/log/${organisationId}`;
    this.newKey(keys);
  }

  get size(): number {
    return this.tree.size;
  }

  /** Seals LOG_CREATED first, when nothing stands yet. Answers the ids. */
  async seal(...sketches: Partial<EventSketch>[]): Promise<string[]> {
    const first: Partial<EventSketch>[] =
      this.size === 0
        ? [
            {
              eventType: 'LOG_CREATED',
              source: 'AUDITAL',
              payload: { origin: this.origin, vkey: this.vkeys[0] as string },
            },
          ]
        : [];
    const before = this.ids.length + first.length;
    for (const sketch of [...first, ...sketches]) await this.sealOne(sketch);
    return this.ids.slice(before);
  }

  /** Signs the tree as it stands and publishes the note. */
  async checkpoint(root = treeRoot(sha256, this.tree)): Promise<string> {
    const note = this.noteBy(this.live, root);
    await this.publish(note);
    return note;
  }

  /** A checkpoint over all that is sealed by this key alone, whether it signs now or not. */
  note(key: number): string {
    return this.noteBy([key], treeRoot(sha256, this.tree));
  }

  /** Seals that the next key signs too; endorsed by the newest one unless by another. */
  async addKey(o: { endorsedBy?: number } = {}): Promise<void> {
    const endorsedBy = o.endorsedBy ?? this.signers.length - 1;
    this.newKey(generateKeyPairSync('ed25519'));
    const added = this.signers.length - 1;
    const vkey = this.vkeys[added] as string;
    const text = handoverText(this.origin, vkey);
    const endorsement = signNote(sha256, text, [this.signers[endorsedBy] as NoteSigner]);
    await this.seal({ ...KEY_CHANGE, payload: { kind: 'KEY_ADDED', epoch: added + 1, vkey, endorsement } });
    this.live.push(added);
  }

  /** Seals that the oldest key signs no more. */
  async retireKey(): Promise<void> {
    const retired = this.live.shift() as number;
    const vkey = this.vkeys[retired] as string;
    await this.seal({ ...KEY_CHANGE, payload: { kind: 'KEY_RETIRED', epoch: retired + 1, vkey } });
  }

  async publish(note: string): Promise<void> {
    await this.ledger.append(ledgerStreams.checkpoint(this.organisationId), this.checkpoints, [
      binaryEvent(LEDGER_TYPES.checkpoint, new TextEncoder().encode(note)),
    ]);
    this.checkpoints += 1;
  }

  private noteBy(keys: readonly number[], root: Uint8Array): string {
    const signers = keys.map((key) => this.signers[key] as NoteSigner);
    return signNote(sha256, checkpointText({ origin: this.origin, size: this.size, root }), signers);
  }

  private newKey({ publicKey, privateKey }: KeyPairKeyObjectResult): void {
    const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'));
    this.signers.push({ name: this.origin, publicKey: raw, sign: (message) => sign(null, message, privateKey) });
    this.vkeys.push(vkeyOf(sha256, this.origin, raw));
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
