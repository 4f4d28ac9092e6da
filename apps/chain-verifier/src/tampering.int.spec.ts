import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { type Ledger, openLedger } from '@audital/ledger';
import { seeded, tempFolder, type TempFolder } from '@audital/testing';
import { Memory } from './adapters/memory';
import { StoredChain } from './adapters/stored-chain';
import { VerifierIndex } from './adapters/verifier-index';
import type { PassFinding } from './domain/pass-findings';
import { inOrder } from './domain/pass-findings';
import { bendFile } from './testing/sealed-chain.spec-suite';
import { org, original, type Pick, type Tampering, TAMPERINGS } from './testing/tamperings.spec-suite';
import { verifyChain, type VerifyPorts } from './verify-chain';

const LONG = process.env['AUDITAL_LONG'] === '1';
const FLIPS = LONG ? 500 : 60;
const TRIES = LONG ? 50 : 8;
const SEED = 20261124;
const TRIES_OF = { one: 1, some: TRIES, many: FLIPS };

describe('the chain-verifier on a ledger that somebody bent', () => {
  let folder: TempFolder;
  let ports: Omit<VerifyPorts, 'stored'>;
  const file = (name: string): string => join(folder.path, `${name}.sqlite`);

  beforeAll(async () => {
    folder = tempFolder();
    mkdirSync(join(folder.path, 'state'));
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    ports = {
      memory: Memory.open(join(folder.path, 'state')),
      index: VerifierIndex.open(join(folder.path, 'state', 'index'), log),
      ...{ sha256, verify: verifyEd25519, logOrigin: 'audital.local', staleAfterMs: 1000 },
      now: () => new Date('2026-03-02T12:00:01.000Z'),
    };
    const ledger = await openLedger(`sqlite:${file('original')}`, {
      writes: ['organisation-', 'chain-', 'payload-', 'checkpoint-'],
    });
    await original.write(ledger);
    expect(await pass(ledger)).toEqual([]);
    await ledger.close();
  });
  afterAll(() => {
    ports.memory.close();
    ports.index.close();
    folder.remove();
  });

  async function pass(ledger: Ledger): Promise<PassFinding[]> {
    const rest = (): Promise<void> => Promise.resolve();
    const o = { isWhole: true, rest, signal: new AbortController().signal };
    return inOrder((await verifyChain({ ...ports, stored: new StoredChain(ledger) }, org, o))?.findings ?? []);
  }

  async function findingsIn(bend: (db: DatabaseSync) => void): Promise<PassFinding[]> {
    copyFileSync(file('original'), file('bent'));
    bendFile(file('bent'), bend);
    const ledger = await openLedger(`sqlite:${file('bent')}`, { writes: [] });
    try {
      return await pass(ledger);
    } finally {
      await ledger.close();
    }
  }

  it.each(TAMPERINGS)('$name: found where it is, each time', async ({ apply, places }) => {
    const tries = TRIES_OF[places];
    const random = seeded(SEED);
    const pick: Pick = (limit) => Math.floor(random() * limit);
    const before = ports.memory.get(org);
    for (let number = 0; number < tries; number += 1) {
      let expected: ReturnType<Tampering['apply']> = { code: null, position: -1 };
      const [first] = await findingsIn((db) => (expected = apply(db, pick)));
      expect({ number, position: first?.from }).toEqual({ number, position: expected.position });
      if (expected.code !== null) expect({ number, code: first?.code }).toEqual({ number, code: expected.code });
    }
    expect(ports.memory.get(org)).toEqual(before);
  });
});
