import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '@audital/chain/node';
import { ledgerStreams, type OrganisationId, subjects, type VerifierReport } from '@audital/contracts';
import { eventually, seeded, startNats, type TestNats } from '@audital/testing';
import { ChainInspector } from '../../adapters/chain-inspector';
import type { ChainStatus } from '../../domain/chain-report';
import { answering } from '../../testing/answering';
import { bentLog } from '../../testing/bent-log';
import { Harness } from '../../testing/harness';
import { type BentLog, type Pick, TAMPERINGS } from '../../testing/tamperings.spec-suite';

const LONG = process.env['AUDITAL_LONG'] === '1';
const FLIPS = LONG ? 500 : 40;
const TRIES = LONG ? 50 : 5;
const SEED = 20261124;
const COUNT = 40;

let nats: TestNats;
let harness: Harness;
let org: OrganisationId;
let key: string;
let log: BentLog;
let inspector: ChainInspector;
let ofNewest: ChainInspector;

jest.setTimeout(120_000);

beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
  ({ id: org, key } = await harness.organisation());
  log = await bentLog(harness, org, COUNT);
  // Each answer is one of its own: results are kept for a while, and a flipped byte does not move a chain.
  let at = Date.parse('2026-03-02T12:00:00.000Z');
  const { gateway, ledger } = harness;
  const { stored, index, trust } = gateway;
  const options = { ledger, stored, index, trust, sha256, now: () => new Date((at += 10_000)) };
  inspector = new ChainInspector(options);
  ofNewest = new ChainInspector({ ...options, inspectedMax: 10 });
  await eventually(async () => (await inspector.status(org)).verdict === 'VERIFIED', { what: 'A verified chain' });
});

afterAll(async () => {
  await harness?.stop();
  await nats?.stop();
});

const chain = (): string => ledgerStreams.chain(org);
const payloads = (): string => ledgerStreams.payload(org, 0);

/** The status of the ledger as it is after somebody bent it; afterwards it is as before. */
async function statusOf(bend: (db: DatabaseSync) => void, by = inspector): Promise<ChainStatus> {
  const db = new DatabaseSync(harness.ledgerFile);
  try {
    db.exec('PRAGMA busy_timeout = 5000; CREATE TEMP TABLE saved AS SELECT * FROM events');
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    bend(db);
    const status = await by.status(org);
    db.exec('BEGIN IMMEDIATE; DELETE FROM events; INSERT INTO events SELECT * FROM saved; COMMIT');
    for (const { sql } of triggers) db.exec(sql);
    return status;
  } finally {
    db.close();
  }
}

describe('the gateway’s own reading of a ledger that somebody bent', () => {
  it.each(TAMPERINGS.filter(({ byGateway }) => byGateway !== 'not'))(
    '$name: found where it is, each time',
    async (one) => {
      const random = seeded(SEED);
      const pick: Pick = (limit) => Math.floor(random() * limit);
      const tries = { one: 1, some: TRIES, many: FLIPS }[one.places];
      for (let number = 0; number < tries; number += 1) {
        let expected = { code: null as string | null, position: -1 };
        const { valid, alerts, firstBadPosition } = await statusOf((db) => (expected = one.bend(db, pick, log)));
        expect({ number, valid, position: firstBadPosition }).toEqual({
          number,
          valid: false,
          position: expected.position,
        });
        if (expected.code !== null && one.byGateway !== 'where')
          expect(alerts[0]).toMatchObject({ code: expected.code });
      }
      await expect(inspector.status(org)).resolves.toMatchObject({ verdict: 'VERIFIED' });
    },
  );
});

describe('the gateway’s reading of the newest part of a chain that is long', () => {
  const turn = (stream: string, revision: number) => (db: DatabaseSync) => {
    const row = db.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?').get(stream, revision);
    const bytes = Buffer.from((row as { data: Uint8Array }).data);
    bytes[0] = (bytes[0] as number) ^ 1;
    db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?').run(bytes, stream, revision);
  };

  it('goes on from where its tiles take over, and says from where', async () => {
    const status = await ofNewest.status(org);
    expect(status).toMatchObject({ verdict: 'VERIFIED', totalEvents: COUNT, inspectedFrom: COUNT - 10 });
    expect(status.genesisBlock).toMatchObject({ position: 0, eventType: 'LOG_CREATED' });
  });

  it.each([
    ['a record', () => chain()],
    ['a payload', () => payloads()],
  ])('finds %s that was changed there, and leaves the rest to the chain-verifier', async (_what, stream) => {
    const there = await statusOf(turn(stream(), 33), ofNewest);
    expect(there).toMatchObject({ valid: false, firstBadPosition: 33 });
    const before = await statusOf(turn(stream(), 5), ofNewest);
    expect(before).toMatchObject({ valid: true, inspectedFrom: COUNT - 10 });
  });

  it('finds that the end is gone', async () => {
    const cut = (db: DatabaseSync): void =>
      void db.prepare('DELETE FROM events WHERE stream = ? AND revision >= 25').run(chain());
    expect(await statusOf(cut, ofNewest)).toMatchObject({ verdict: 'ROLLBACK', firstBadPosition: 25 });
  });
});

describe('GET /v1/audit/chain-status', () => {
  const path = '/v1/audit/chain-status';

  it('200: the gateway’s own reading, when the chain-verifier does not answer, and it says so', async () => {
    const { status, body } = await harness.call('GET', path, { key });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ valid: true, verdict: 'VERIFIED', totalEvents: COUNT, inspectedFrom: 0, alerts: [] },
      verifier: { status: 'UNAVAILABLE', reason: expect.stringContaining('did not answer') },
    });
  });

  it('200: what the chain-verifier found', async () => {
    const range = { from: 7, to: 7 };
    const alert = { code: 'INVALID', severity: 'CRITICAL', affectedRange: range, firstBadPosition: 7 } as const;
    const at = '2026-03-02T12:00:00.000Z';
    const report: VerifierReport = {
      ...{ organisationId: org, totalEvents: COUNT, verifiedTo: 7, valid: false, lastVerifiedAt: at },
      lastFullVerification: { size: COUNT, at },
      alerts: [{ ...alert, detectedAt: at, message: 'Position 7 was changed.' }],
    };
    const verifier = await nats.connect('chain-verifier');
    const { asked, stop } = await answering(verifier, subjects.askVerifierStatus(), () => report);
    const { body } = await harness.call('GET', path, { key });
    await stop();
    expect(asked).toEqual([{ organisationId: org }]);
    expect(body).toMatchObject({
      ...{ valid: false, verdict: 'TAMPERED', firstBadPosition: 7, lastVerifiedAt: at },
      alerts: [{ code: 'INVALID', affectedRange: range, detectedAt: at }],
      verifier: { status: 'ALERTS', verifiedTo: 7, lastFullVerification: { size: COUNT, at } },
    });
  });

  it('§8.8 says that the chain-writer has stopped the chain, and goes on reading', async () => {
    const writer = await nats.connect('chain-writer');
    const other = await harness.organisation();
    const body = await eventually(
      async () => {
        writer.hint(subjects.chainStopped(), { v: 1, organisationId: org, reason: 'LOST_MEMORY' });
        const { body: status } = await harness.call('GET', '/v1/audit/chain-status', { key });
        return status.stopped === null ? null : status;
      },
      { what: 'A status that says so' },
    );
    expect(body).toMatchObject({ stopped: 'LOST_MEMORY', totalEvents: COUNT });
    expect(body.alerts).toContainEqual(expect.objectContaining({ code: 'LOST_MEMORY', severity: 'CRITICAL' }));
    const { body: theirs } = await harness.call('GET', '/v1/audit/chain-status', { key: other.key });
    expect([theirs.stopped, theirs.alerts]).toEqual([null, []]);
  });
});
