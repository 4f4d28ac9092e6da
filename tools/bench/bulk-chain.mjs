import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { chain, contracts, sha256 } from './built.mjs';

/** A valid chain of any length, in memory that does not grow: what the chain-writer would have sealed, without its checks. */
export class BulkChain {
  constructor(origin, organisation) {
    this.origin = origin;
    this.organisation = organisation;
    this.tree = chain.emptyTree();
    this.head = chain.ZERO_HASH;
    this.lastRecordedAt = '2026-03-02T11:01:00.000Z';
    this.salts = randomBytes(32 * 1024);
  }

  next(payload) {
    const position = this.tree.size;
    const salt = this.salts.subarray(32 * (position % 1024), 32 * (position % 1024) + 32);
    const bytes = Buffer.from(chain.canonicalBytes(payload));
    const record = {
      v: 1,
      origin: this.origin,
      chainPosition: position,
      id: contracts.makeId('evt', 1_772_449_200_000, tailOf(position)),
      eventType: position === 0 ? 'LOG_CREATED' : 'TRAINING_COMPLETED',
      source: position === 0 ? 'AUDITAL' : 'AWS_SAGEMAKER',
      severity: 'INFO',
      modelId: null,
      integrationId: null,
      timestamp: '2026-03-02T11:00:00.000Z',
      observedAt: '2026-03-02T11:00:30.000Z',
      recordedAt: this.lastRecordedAt,
      captureMode: 'POLL',
      actor: { type: 'SERVICE', id: 'sagemaker-collector' },
      tags: [],
      payloadHash: chain.hashText(chain.payloadHash(sha256, salt, bytes)),
      prevHash: this.head,
    };
    const sealed = chain.sealRecord(sha256, record);
    this.head = chain.hashText(sealed.blockHash);
    this.tree = chain.appendLeaf(sha256, this.tree, sealed.blockHash);
    return { position, id: record.id, record: sealed.bytes, blockHash: sealed.blockHash, salt, payload: bytes };
  }

  get size() {
    return this.tree.size;
  }

  /** The signed note over all that has been sealed. */
  checkpoint(signer) {
    const root = chain.treeRoot(sha256, this.tree);
    const text = chain.checkpointText({ origin: this.origin, size: this.size, root });
    return { size: this.size, root, note: chain.signNote(sha256, text, [signer]) };
  }
}

/** 80 bits that look as random as an HMAC and differ for each position: an index of identities is filled as in life. */
function tailOf(position) {
  return sha256(Buffer.from(`bench ${position}`)).subarray(0, 10);
}

export function makeSigner(origin) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url'));
  const signer = { name: origin, publicKey: raw, sign: (message) => sign(null, message, privateKey) };
  return { signer, vkey: chain.vkeyOf(sha256, origin, raw) };
}
