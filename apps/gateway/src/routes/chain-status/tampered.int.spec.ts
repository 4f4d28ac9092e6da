import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OrganisationId } from '@audital/contracts';
import { checkLedger, eventually, seeded, startNats, type TestNats } from '@audital/testing';
import { bentLog } from '../../testing/bent-log';
import { Harness } from '../../testing/harness';
import { type BentLog, type Pick, type Tampering, TAMPERINGS } from '../../testing/tamperings.spec-suite';

const TRIES = process.env['AUDITAL_LONG'] === '1' ? 10 : 1;
const SEED = 20261126;
const COUNT = 40;
const FOUND_MS = 20_000;
jest.setTimeout(TRIES * 2 * FOUND_MS);

let nats: TestNats;
let harness: Harness;
let verifier: ChildProcess;
let org: OrganisationId;
let key: string;
let log: BentLog;

beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
  ({ id: org, key } = await harness.organisation());
  log = await bentLog(harness, org, COUNT);
  const script = join(__dirname, '../../../../chain-verifier/dist/main.js');
  const env = {
    ...{ PATH: process.env['PATH'], LOG_LEVEL: 'error', LEDGER_URL: `sqlite:${harness.ledgerFile}` },
    ...{ NATS_URL: nats.url, NATS_USER: 'chain-verifier', NATS_PASSWORD: nats.passwords['chain-verifier'] },
    ...{ INDEX_DIR: join(harness.folder, 'verifier-index'), PINS_DIR: join(harness.folder, 'verifier-pins') },
    ...{ VERIFY_INTERVAL_SECONDS: '1', FULL_PASS_PAUSE_SECONDS: '1', FULL_PASS_SHARE_PERCENT: '100' },
  };
  const args = ['--disable-warning=ExperimentalWarning', script];
  verifier = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
});
afterAll(async () => {
  verifier?.kill('SIGTERM');
  if (verifier?.exitCode === null) await once(verifier, 'exit');
  await checkLedger(harness.ledger).finally(() => harness.stop());
  await nats.stop();
});

/** In one step, as far as anybody who reads can see. */
function inOneStep(work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(harness.ledgerFile);
  try {
    db.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
    for (const { sql } of triggers) db.exec(sql);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

interface Status {
  valid: boolean;
  firstBadPosition: number | null;
  alerts: { code: string; affectedRange: { from: number } }[];
  verifier: { status: string; lastFullVerification: { size: number } | null };
}
const status = async (): Promise<Status> =>
  (await harness.call('GET', '/v1/audit/chain-status', { key })).body as Status;

/** Both readers have found everything as it was sealed. */
const sound = (): Promise<Status> =>
  eventually(
    async () => {
      const now = await status();
      return now.valid && now.verifier.status === 'OK' && now.verifier.lastFullVerification?.size === COUNT
        ? now
        : null;
    },
    { what: 'A clean chain-status', deadlineMs: FOUND_MS },
  );

describe('chain-status beside a running chain-verifier, while somebody bends the ledger', () => {
  beforeEach(sound);

  it.each(TAMPERINGS)('$name: it says what and where, until it is mended', async ({ bend }) => {
    const random = seeded(SEED);
    const pick: Pick = (limit) => Math.floor(random() * limit);
    for (let number = 0; number < TRIES; number += 1) {
      let expected: ReturnType<Tampering['bend']> = { code: null, position: -1 };
      inOneStep((db) => {
        db.exec('DROP TABLE IF EXISTS saved; CREATE TABLE saved AS SELECT * FROM events');
        expected = bend(db, pick, log);
      });
      const { code, position } = expected;
      await eventually(
        async () => {
          const { valid, firstBadPosition, alerts, verifier: its } = await status();
          const isNamed = alerts.some((one) => one.affectedRange.from === position && (code ?? one.code) === one.code);
          return !valid && its.status === 'ALERTS' && firstBadPosition === position && isNamed;
        },
        { what: `${code ?? 'An alert'} at ${position} (try ${number})`, deadlineMs: FOUND_MS },
      );
      inOneStep((db) => db.exec('DELETE FROM events; INSERT INTO events SELECT * FROM saved; DROP TABLE saved'));
      await sound();
    }
  });
});
