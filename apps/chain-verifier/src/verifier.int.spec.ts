import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { ledgerStreams, type OrganisationId, Unavailable, type VerifierReport } from '@audital/contracts';
import { createLogger, Health } from '@audital/service';
import { checkLedger, eventually, organisationId, startNats, tempFolder, tempLedger } from '@audital/testing';
import type { TempFolder, TestLedger, TestNats } from '@audital/testing';
import { Memory } from './adapters/memory';
import { StoredChain } from './adapters/stored-chain';
import { VerifierIndex } from './adapters/verifier-index';
import { start } from './app.module';
import { ChainVerifierConfig } from './config';
import { bendFile, Key, SealedChain } from './testing/sealed-chain.spec-suite';
import { Verifier } from './verifier';

const [ORG, OTHER] = [organisationId(1), organisationId(2)];
const SOON = '2026-03-02T12:00:01.000Z';
jest.setTimeout(30_000);
const signal = new AbortController().signal;

let folder: TempFolder;
let under: TestLedger;
let said: { level: string; message: string; [field: string]: unknown }[];
let now: Date;
let memory: Memory;
let index: VerifierIndex;
let verifier: Verifier;

/** A verifier as after a start: nothing in memory but what lies in its two folders. */
function open(): void {
  const log = Object.fromEntries(
    ['info', 'warn', 'error'].map((level) => [
      level,
      (fields: object, message: string) => void said.push({ ...fields, level, message }),
    ]),
  ) as unknown as ConstructorParameters<typeof Verifier>[0]['log'];
  memory = Memory.open(join(folder.path, 'pins'));
  index = VerifierIndex.open(join(folder.path, 'index'), log);
  verifier = new Verifier({
    ...{ ledger: under.ledger, memory, index, log, sha256, verify: verifyEd25519, logOrigin: 'audital.local' },
    ...{ stored: new StoredChain(under.ledger), staleAfterMs: 60_000, intervalMs: 20, pauseMs: 20, share: 1 },
    ...{ rollbackPatienceMs: 0, now: () => now, onReport: () => undefined },
  });
}
function close(): void {
  memory.close();
  index.close();
}

beforeEach(async () => {
  [folder, under, said, now] = [tempFolder(), await tempLedger(), [], new Date(SOON)];
  open();
});
afterEach(async () => {
  close();
  await under.remove();
  folder.remove();
});

const bend = (work: Parameters<typeof bendFile>[1]): void => bendFile(under.url.slice('sqlite:'.length), work);
/** The first byte of a stored event is turned, and with a second call turned back. */
const turnByte = (stream: string, revision: number): void =>
  bend((db) => {
    const row = db.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?').get(stream, revision);
    const bytes = Buffer.from((row as { data: Uint8Array }).data);
    bytes[0] = (bytes[0] as number) ^ 1;
    db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?').run(bytes, stream, revision);
  });
const places = ({ alerts }: VerifierReport): string[] => alerts.map((one) => `${one.code} ${one.firstBadPosition}`);
const look = async (id: OrganisationId = ORG): Promise<string[]> => {
  await verifier.look(id, signal);
  return places(verifier.report(id));
};
const pass = async (id: OrganisationId = ORG): Promise<string[]> => {
  await verifier.passOver(id, signal);
  return places(verifier.report(id));
};

describe('a verifier', () => {
  it('verifies the new part only, on from what it kept, and remembers over a restart', async () => {
    const chain = SealedChain.of(ORG, new Key('log'), 20);
    await chain.write(under.ledger);
    expect(await look()).toEqual([]);
    expect(verifier.report(ORG)).toMatchObject({ totalEvents: 20, verifiedTo: 20, valid: true, lastVerifiedAt: SOON });
    close();
    open();
    while (chain.size < 1300) chain.seal();
    await chain.write(under.ledger);
    // What lies before the kept checkpoint is not read by a look.
    turnByte(ledgerStreams.chain(ORG), 3);
    expect(await look()).toEqual([]);
    expect(verifier.report(ORG)).toMatchObject({ totalEvents: 1300, verifiedTo: 1300 });
    expect(await pass()).toEqual(['INVALID 3']);
    expect(verifier.report(ORG)).toMatchObject({ verifiedTo: 3, lastFullVerification: { size: 1300 } });
    turnByte(ledgerStreams.chain(ORG), 3);
    await checkLedger(under.ledger);
  });

  it('keeps an alert over a restart until a whole pass comes out clean, and says each once', async () => {
    await SealedChain.of(ORG, new Key('log'), 20).write(under.ledger);
    expect(await pass()).toEqual([]);
    turnByte(ledgerStreams.payload(ORG, 0), 7);
    expect(await pass()).toEqual(['INVALID 7']);
    close();
    open();
    expect(places(verifier.report(ORG))).toEqual(['INVALID 7']);
    expect(await pass()).toEqual(['INVALID 7']);
    turnByte(ledgerStreams.payload(ORG, 0), 7);
    now = new Date(now.getTime() + 1000);
    expect(await look()).toEqual(['INVALID 7']);
    expect(await pass()).toEqual([]);
    expect(said.map(({ level, position }) => [level, position])).toEqual([
      ['error', 7],
      ['info', 7],
    ]);
    await checkLedger(under.ledger);
  });

  it('verifies one chain whatever became of another, and misses one that vanished', async () => {
    await SealedChain.of(ORG, new Key('log'), 20).write(under.ledger);
    await SealedChain.of(OTHER, new Key('other'), 20).write(under.ledger);
    const ended = new AbortController();
    const running = verifier.run(ended.signal);
    const size = (id: OrganisationId): number => verifier.report(id).lastFullVerification?.size ?? 0;
    await eventually(() => size(ORG) === 20 && size(OTHER) === 20, { what: 'A pass over both chains' });
    bend((db) => db.prepare("DELETE FROM events WHERE stream LIKE '%' || ?").run(ORG));
    await eventually(() => places(verifier.report(ORG)).includes('ROLLBACK 0'), { what: 'The loss of a chain' });
    now = new Date(now.getTime() + 60_000);
    await eventually(() => verifier.report(OTHER).lastFullVerification?.at === now.toISOString(), {
      what: 'A later pass over the other chain',
    });
    expect(verifier.report(OTHER)).toMatchObject({ valid: true, verifiedTo: 20 });
    ended.abort();
    await running;
    await checkLedger(under.ledger);
  });

  it('finds a chain that grows under no checkpoint, and only when it has done so for long', async () => {
    const chain = SealedChain.of(ORG, new Key('log'), 20);
    await chain.write(under.ledger);
    expect(await look()).toEqual([]);
    await chain.seal().write(under.ledger, { unsigned: true });
    expect(await look()).toEqual([]);
    now = new Date(now.getTime() + 61_000);
    expect(await look()).toEqual(['STALE 20']);
    await chain.write(under.ledger);
    now = new Date(now.getTime() + 1000);
    expect(await pass()).toEqual([]);
    await checkLedger(under.ledger);
  });

  it('takes a payload that a signed event redacts for redacted, and no other', async () => {
    const chain = SealedChain.of(ORG, new Key('log'), 20);
    const payload = { positions: [5], reason: 'asked for' };
    chain.seal({ eventType: 'PAYLOAD_REDACTED', source: 'AUDITAL', payload });
    await chain.write(under.ledger);
    const empty = (revision: number): void =>
      bend((db) => {
        const sql = "UPDATE events SET data = x'' WHERE stream = ? AND revision = ?";
        db.prepare(sql).run(ledgerStreams.payload(ORG, 0), revision);
      });
    empty(5);
    expect(await pass()).toEqual([]);
    await checkLedger(under.ledger);
    empty(6);
    expect(await pass()).toEqual(['MISSING 6']);
  });

  it('follows a key that the pinned one handed over to, and no other', async () => {
    const [first, second, stranger] = [new Key('log'), new Key('second'), new Key('stranger')];
    const chain = SealedChain.of(ORG, first, 20);
    const { origin } = chain;
    await chain.write(under.ledger);
    expect(await look()).toEqual([]);
    const handover = (by: Key, to: Key): object => {
      const vkey = to.vkey(origin);
      return { kind: 'KEY_ADDED', vkey, endorsement: by.note(origin, `audital.key-handover/v1\n${origin}\n${vkey}\n`) };
    };
    const change = { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] };
    chain.seal({ ...change, payload: handover(first, second) as never });
    await chain.write(under.ledger, { note: chain.note(second) });
    expect(await look()).toEqual([]);
    const both = [first, second].map((key) => ({ vkey: key.vkey(origin), retiredAt: null }));
    expect(memory.get(ORG)?.keys).toEqual(both);
    chain.seal({ ...change, payload: handover(stranger, stranger) as never });
    await chain.write(under.ledger, { note: chain.note(stranger) });
    expect(await look()).toEqual(['INVALID 21']);
    expect(memory.get(ORG)).toMatchObject({ size: 21, keys: both });
  });

  it('believes no key that the chain retired, across a restart too, and an unsigned retirement retires nothing', async () => {
    const [first, second] = [new Key('log'), new Key('second')];
    const chain = SealedChain.of(ORG, first, 20);
    const vkey = second.vkey(chain.origin);
    const endorsement = first.note(chain.origin, `audital.key-handover/v1\n${chain.origin}\n${vkey}\n`);
    const change = { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] };
    chain.seal({ ...change, payload: { kind: 'KEY_ADDED', vkey, endorsement } });
    await chain.write(under.ledger, { note: chain.note(second) });
    chain.seal({ ...change, payload: { kind: 'KEY_RETIRED', vkey: first.vkey(chain.origin) } });
    await chain.write(under.ledger, { unsigned: true });
    // Nothing but the writer's next note covers it; until then the first key is what it was.
    expect(await pass()).toEqual([]);
    expect(memory.get(ORG)?.keys.map(({ retiredAt }) => retiredAt)).toEqual([null, null]);
    await chain.write(under.ledger, { note: chain.note(second) });
    expect(await look()).toEqual([]);
    close();
    open();
    expect(memory.get(ORG)?.keys.map(({ retiredAt }) => retiredAt)).toEqual([21, null]);
    chain.seal();
    await chain.write(under.ledger, { note: chain.note(first) });
    expect(await look()).toEqual(['INVALID 22']);
    await chain.write(under.ledger, { note: chain.note(second) });
    now = new Date(now.getTime() + 1000);
    expect(await pass()).toEqual([]);
  });

  it('takes over the memory of before retirements', async () => {
    const key = new Key('log');
    const chain = SealedChain.of(ORG, key, 20);
    await chain.write(under.ledger);
    expect(await look()).toEqual([]);
    close();
    const db = new DatabaseSync(join(folder.path, 'pins', 'chain-verifier.sqlite'));
    db.exec('ALTER TABLE kept DROP COLUMN retired; PRAGMA user_version = 1');
    db.close();
    open();
    expect(memory.get(ORG)).toMatchObject({ size: 20, keys: [{ vkey: key.vkey(chain.origin), retiredAt: null }] });
    await chain.seal().write(under.ledger);
    expect(await look()).toEqual([]);
    expect(memory.get(ORG)?.size).toBe(21);
  });

  it('names the first of many rewritten records by what it remembers, and still finds them when that is lost', async () => {
    const key = new Key('log');
    await SealedChain.of(ORG, key, 20).write(under.ledger);
    expect(await pass()).toEqual([]);
    const forged = SealedChain.of(ORG, key, 9).seal({ payload: { forged: true } });
    while (forged.size < 20) forged.seal();
    bend((db) => {
      const put = db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?');
      for (const [position, { record, stored }] of forged.events.entries()) {
        put.run(record, ledgerStreams.chain(ORG), position);
        put.run(stored, ledgerStreams.payload(ORG, 0), position);
      }
    });
    expect(await pass()).toEqual(['FORK 9']);
    close();
    rmSync(join(folder.path, 'index'), { recursive: true });
    open();
    expect(await pass()).not.toEqual([]);
  });

  it('concludes nothing from a ledger that is away', async () => {
    await SealedChain.of(ORG, new Key('log'), 20).write(under.ledger);
    expect(await pass()).toEqual([]);
    const before = verifier.report(ORG);
    const away = jest.spyOn(under.ledger, 'read').mockRejectedValue(new Unavailable('ledger', 'It is away.'));
    now = new Date(now.getTime() + 1000);
    const ended = new AbortController();
    const running = verifier.run(ended.signal);
    await eventually(() => said.some(({ message }) => message.includes('The ledger is away')), {
      what: 'The word that the ledger is away',
    });
    expect(verifier.report(ORG)).toEqual(before);
    away.mockRestore();
    ended.abort();
    await running;
    await checkLedger(under.ledger);
  });
});

describe('the service', () => {
  let nats: TestNats;
  beforeAll(async () => (nats = await startNats()));
  afterAll(() => nats.stop());

  it('answers ask.verifier.status, for a chain that it never met too, and refuses what is no organisation', async () => {
    await SealedChain.of(ORG, new Key('log'), 20).write(under.ledger);
    const config = Object.assign(new ChainVerifierConfig(), {
      ...{ NATS_URL: nats.url, NATS_USER: 'chain-verifier', NATS_PASSWORD: nats.passwords['chain-verifier'] },
      ...{ LEDGER_URL: under.url, INDEX_DIR: join(folder.path, 'i'), PINS_DIR: join(folder.path, 'p') },
    });
    const running = await start({ config, log: createLogger('chain-verifier', 'error'), health: new Health() });
    const gateway = await nats.connect('gateway');
    const ask = (id: unknown): Promise<VerifierReport> => gateway.ask('ask.verifier.status', { organisationId: id });
    const report = await eventually(async () => ((await ask(ORG)).lastFullVerification ? ask(ORG) : null), {
      what: 'A report of a whole pass',
    });
    expect(report).toMatchObject({ organisationId: ORG, totalEvents: 20, verifiedTo: 20, valid: true, alerts: [] });
    expect(await ask(OTHER)).toMatchObject({ valid: false, lastVerifiedAt: null, alerts: [] });
    await expect(ask('org_nonsense')).rejects.toMatchObject({ name: 'Rejected', code: 'INVALID_REQUEST' });
    await running.stop();
    await checkLedger(under.ledger);
  });
});
