import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ExportCheck, leafHash, parseRecord, parseVkey, toHex } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import {
  checkLedger,
  eventually,
  organisationId,
  startNats,
  tempFolder,
  tempLedger,
  type TestNats,
} from '@audital/testing';
import { ChainBuilder } from '../testing/chain-builder';
import { Harness } from '../testing/harness';
import type { ChainFollower } from './chain-follower';
import { ChainIndex } from './chain-index';
import { firstVkey } from './first-vkey';
import { openIndexDatabase } from './index-database';
import { keyChanges } from './key-changes';
import { Pins } from './pins';
import { StoredEvents } from '@audital/ledger';
import { TrustKeeper } from './trust-keeper';

let nats: TestNats;
let harness: Harness;
beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
});
afterAll(async () => {
  await harness?.stop();
  await nats?.stop();
});

const keyIdOf = (vkey: string): string => toHex(parseVkey(sha256, vkey).keyId);
const text = async (path: string, key: string): Promise<string> => (await harness.call('GET', path, { key })).text;
const refusals = (): unknown[] =>
  harness.log.lines.filter(({ message }) => message.startsWith('A checkpoint is refused'));

/** The event, when it verifies under the checkpoint of all that is sealed. */
const verified = (chain: ChainBuilder, id: string, key: string) =>
  eventually(
    async () => {
      const { body } = await harness.call('GET', `/v1/audit/${id}`, { key });
      return body?.verified && body.verification.checkpointSize === chain.size ? body : null;
    },
    { what: `A verified ${id}` },
  );

/** One more event under a checkpoint by the keys that are live. */
async function sealOne(chain: ChainBuilder): Promise<string> {
  const [id] = await chain.seal({});
  await chain.checkpoint();
  return id as string;
}

async function exported(key: string, vkeys: string[]): Promise<unknown> {
  const lines = (await text('/v1/audit/export', key)).trimEnd().split('\n');
  const check = new ExportCheck({ sha256, verify: verifyEd25519, vkeys, lastLine: lines.at(-1) ?? null });
  for (const line of lines.slice(0, -1)) check.line(line);
  const { verdict, trust, findings } = check.finish();
  return { verdict, trust, findings, vkeys: check.trailer?.vkeys };
}

describe('a checkpoint that is ahead of the index', () => {
  it('is waited for, not refused: whoever signed it may be handed over to there', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({});
    await chain.addKey();
    await chain.retireKey();
    await chain.checkpoint();
    const folder = tempFolder();
    const index = new ChainIndex(openIndexDatabase(folder.path, harness.log), sha256);
    const pins = Pins.open(join(folder.path, 'pins'));
    const stored = new StoredEvents(harness.ledger);
    const follower = { notify: () => undefined, caughtUp: false } as unknown as ChainFollower;
    const keeper = new TrustKeeper({
      ...{ ledger: harness.ledger, index, pins, follower, sha256, verify: verifyEd25519, log: harness.log },
      originOf: (organisation) => `audital.local/log/${organisation}`,
      firstVkey: (organisation) => firstVkey(stored, sha256, organisation),
      keyChanges: (organisation, from) => keyChanges(stored, index, organisation, from),
      now: () => new Date(),
    });
    const leaves = [...(await stored.records(id, [0, 1, 2, 3])).values()].map(({ revision, data }) => ({
      ...{ position: revision, hash: leafHash(sha256, data), record: parseRecord(data) },
    }));
    index.append(id, leaves.slice(0, 2));
    const ended = new AbortController();
    const running = keeper.run(ended.signal);
    await eventually(() => keeper.caughtUp, { what: 'The newest note' });
    await keeper.judge(id);
    expect([keeper.pin(id), keeper.doubt(id)]).toEqual([null, null]);
    index.append(id, leaves.slice(2));
    await keeper.judge(id);
    expect([keeper.pin(id)?.checkpoint.size, keeper.doubt(id)]).toEqual([4, null]);
    ended.abort();
    await running;
    index.close();
    pins.close();
    folder.remove();
    await checkLedger(harness.ledger);
  });
});

describe('a rotation of the signing key, as the gateway follows it', () => {
  it('stays verified through it, and names the key that verified', async () => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    const first = await sealOne(chain);
    expect((await verified(chain, first, key)).verification.keyId).toBe(keyIdOf(chain.vkeys[0] as string));
    const oldProof = (await harness.call('GET', `/v1/audit/${first}/proof`, { key })).body;

    await chain.addKey();
    const [a, b] = chain.vkeys as [string, string];
    const second = await sealOne(chain);
    expect((await verified(chain, second, key)).verification.keyId).toBe(keyIdOf(a));
    expect(await text('/v1/log/vkey', key)).toBe(`${a}\n${b}\n`);
    expect(await text('/v1/log/policy', key)).toBe(`log ${a}\nlog ${b}\nquorum none\n`);

    await chain.retireKey();
    const third = await sealOne(chain);
    for (const event of [first, second, third])
      expect((await verified(chain, event, key)).verification.keyId).toBe(keyIdOf(b));
    expect(await text('/v1/log/vkey', key)).toBe(`${b}\n`);
    expect(await text('/v1/log/policy', key)).toBe(`log ${b}\nquorum none\n`);
    expect(await exported(key, [a])).toEqual({ verdict: 'ok', trust: 'PINNED', findings: [], vkeys: [a, b] });

    // What the first key signed before its end is what it was.
    const answer = await harness.call('POST', '/v1/audit/verify', { key, body: { proof: oldProof } });
    expect(answer.body).toMatchObject({ verified: true, verification: { keyId: keyIdOf(a) } });
    const { ledger, remove } = await tempLedger();
    const forger = new ChainBuilder(ledger, id, generateKeyPairSync('ed25519'));
    await forger.seal({});
    const proof = { ...oldProof, checkpoint: await forger.checkpoint(), vkeys: forger.vkeys };
    const forged = await harness.call('POST', '/v1/audit/verify', { key, body: { proof } });
    expect(forged.body).toMatchObject({
      verified: false,
      checks: [{ ok: true }, { name: 'signature', ok: false }, {}, {}],
    });
    await checkLedger(ledger);
    await remove();
    expect(refusals()).toEqual([]);
    await checkLedger(harness.ledger);
  });

  it.each([
    ['with its index', false],
    ['without its index', true],
  ])('learns of it when it is back, %s, and remembers', async (_how, forgetIndex) => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    const first = await sealOne(chain);
    await verified(chain, first, key);
    const rotate = async (): Promise<void> => {
      await chain.addKey();
      await chain.checkpoint();
      await chain.retireKey();
      await sealOne(chain);
    };
    await harness.restart({ forgetIndex, betweenwhiles: rotate });
    await verified(chain, first, key);
    await harness.restart();
    const last = await sealOne(chain);
    expect((await verified(chain, last, key)).verification.keyId).toBe(keyIdOf(chain.vkeys[1] as string));
    expect(harness.gateway.trust.pin(id)?.keys).toEqual([
      { vkey: chain.vkeys[0], retiredAt: 3 },
      { vkey: chain.vkeys[1], retiredAt: null },
    ]);
    expect(refusals()).toEqual([]);
    await checkLedger(harness.ledger);
  });

  it('is met for the first time after it', async () => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({});
    await chain.addKey();
    await chain.retireKey();
    const last = await sealOne(chain);
    expect((await verified(chain, last, key)).verification.keyId).toBe(keyIdOf(chain.vkeys[1] as string));
    await checkLedger(harness.ledger);
  });

  it('believes no retired key', async () => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({});
    await chain.addKey();
    await chain.retireKey();
    await verified(chain, await sealOne(chain), key);
    const [late] = await chain.seal({});
    await chain.publish(chain.note(0));
    const refused = await eventually(
      async () => {
        const { body } = await harness.call('GET', `/v1/audit/${late}`, { key });
        return body?.verification?.status === 'failed' ? body : null;
      },
      { what: 'The refusal' },
    );
    expect(refused.verification.reason).toContain('retired at position 3');
    expect(await text('/v1/log/vkey', key)).toBe(`${chain.vkeys[1]}\n`);
    // The right note, and all is well again.
    await chain.checkpoint();
    await verified(chain, late as string, key);
  });

  it('believes no handover that the pinned key did not sign', async () => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    const first = await sealOne(chain);
    await verified(chain, first, key);
    await chain.addKey({ endorsedBy: 1 });
    const [late] = await chain.seal({});
    await chain.publish(chain.note(1));
    const refused = await eventually(
      async () => {
        const { body } = await harness.call('GET', `/v1/audit/${late}`, { key });
        return body?.verification?.status === 'failed' ? body : null;
      },
      { what: 'The refusal' },
    );
    expect(refused).toMatchObject({ verified: false, verification: { checkpointSize: 2 } });
    expect(harness.gateway.trust.pin(id)?.keys).toEqual([{ vkey: chain.vkeys[0], retiredAt: null }]);
    expect(await text('/v1/log/vkey', key)).toBe(`${chain.vkeys[0]}\n`);
    await expect(checkLedger(harness.ledger)).rejects.toThrow();
  });
});

describe('the pins of a gateway of before rotations', () => {
  it('are taken over, and stay', () => {
    const folder = tempFolder();
    mkdirSync(folder.path, { recursive: true });
    const file = join(folder.path, 'gateway.sqlite');
    const db = new DatabaseSync(file);
    db.exec(`CREATE TABLE pins (organisation TEXT PRIMARY KEY, vkey TEXT NOT NULL,
      size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, key_id TEXT NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;
      INSERT INTO pins VALUES ('${organisationId()}', 'a', 3, x'01', 'note', 'id', x'02'); PRAGMA user_version = 1;`);
    db.close();
    const pins = Pins.open(folder.path);
    const pin = pins.get(organisationId());
    expect(pin?.keys).toEqual([{ vkey: 'a', retiredAt: null }]);
    if (!pin) return;
    pins.keep(organisationId(), {
      ...pin,
      keys: [
        { vkey: 'a', retiredAt: 7 },
        { vkey: 'b', retiredAt: null },
      ],
    });
    for (const keys of [[{ vkey: 'c', retiredAt: 7 }], [{ vkey: 'a', retiredAt: null }]])
      expect(() => pins.keep(organisationId(), { ...pin, keys })).toThrow('A pinned key');
    pins.close();
    const again = Pins.open(folder.path);
    expect(again.get(organisationId())?.keys).toEqual([
      { vkey: 'a', retiredAt: 7 },
      { vkey: 'b', retiredAt: null },
    ]);
    again.close();
    folder.remove();
  });
});
