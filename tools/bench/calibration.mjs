import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { observation } from './sample.mjs';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** What the machine does at this moment, per second: 4 KiB written and synced, SHA-256 of 1.1 KB, JSON.stringify of a sample event. */
export function calibrate(folder, milliseconds = 60) {
  const event = observation(1);
  const block = randomBytes(1100);
  const file = openSync(join(folder, 'calibration'), 'w');
  const page = Buffer.alloc(4096, 1);
  const sync = () => {
    writeSync(file, page);
    fdatasyncSync(file);
  };
  const rates = {
    fsyncPerSecond: rate(sync, milliseconds),
    sha256PerSecond: rate(() => sha256(block), milliseconds),
    jsonPerSecond: rate(() => JSON.stringify(event), milliseconds),
  };
  closeSync(file);
  return rates;
}

function rate(work, milliseconds) {
  let done = 0;
  const start = performance.now();
  let now = start;
  while (now - start < milliseconds) {
    for (let repeat = 0; repeat < 8; repeat += 1) work();
    done += 8;
    now = performance.now();
  }
  return (done * 1000) / (now - start);
}

/**
 * The calibration program: the least that a program in this language has to do for the same promise, in one thread, with plain files.
 * JSON.stringify of the payload, its salted hash, the record, its leaf hash, the Merkle tree, one write and one fdatasync for each batch, a
 * signed checkpoint each second. It does not check, sort keys, look for duplicates, index or answer anybody. It is written plainly: it hashes
 * by createHash, as node:crypto's documentation shows it, where one-shot calls would take less.
 */
export class CalibrationProgram {
  constructor(folder) {
    this.file = openSync(join(folder, 'calibration-program'), 'w');
    this.key = generateKeyPairSync('ed25519').privateKey;
    this.size = 0;
    this.hashes = [];
    this.head = `sha256:${'0'.repeat(64)}`;
    this.signedAt = performance.now();
  }

  store(observations) {
    const now = new Date().toISOString();
    const chunks = [];
    for (const { payload, fact, ...rest } of observations) {
      const salt = randomBytes(32);
      const bytes = Buffer.from(JSON.stringify(payload));
      const payloadHash = `sha256:${sha256('audital/payload/v1\n', salt, bytes).toString('hex')}`;
      const record = Buffer.from(
        JSON.stringify({
          v: 1,
          origin: 'audital.local/log/org_01HF7YAT00041061050R3GG28A',
          chainPosition: this.size,
          id: sha256(fact).toString('hex', 0, 13),
          modelId: null,
          recordedAt: now,
          ...rest,
          payloadHash,
          prevHash: this.head,
        }),
      );
      const leaf = sha256(Buffer.of(0), record);
      this.grow(leaf);
      this.head = `sha256:${leaf.toString('hex')}`;
      chunks.push(salt, bytes, record);
    }
    writeSync(this.file, Buffer.concat(chunks));
    fdatasyncSync(this.file);
    if (performance.now() - this.signedAt >= 1000) this.checkpoint();
  }

  close() {
    closeSync(this.file);
  }

  grow(leaf) {
    let carried = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2)
      carried = sha256(Buffer.of(1), this.hashes.pop(), carried);
    this.hashes.push(carried);
    this.size += 1;
  }

  checkpoint() {
    this.signedAt = performance.now();
    const root = this.hashes.reduceRight((right, left) => sha256(Buffer.of(1), left, right));
    sign(null, Buffer.from(`audital.local/log\n${this.size}\n${root.toString('base64')}\n`), this.key);
  }
}
