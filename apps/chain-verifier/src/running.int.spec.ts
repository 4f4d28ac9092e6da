import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { VerifierReport } from '@audital/contracts';
import { createLogger, Health, type RunningService } from '@audital/service';
import { checkLedger, eventually, seeded, startNats, tempFolder, tempLedger } from '@audital/testing';
import type { TempFolder, TestLedger, TestNats } from '@audital/testing';
import { start } from './app.module';
import { ChainVerifierConfig } from './config';
import { bendFile } from './testing/sealed-chain.spec-suite';
import { COUNT, org, original, type Pick, type Tampering, TAMPERINGS } from './testing/tamperings.spec-suite';

const TRIES = process.env['AUDITAL_LONG'] === '1' ? 10 : 1;
const SEED = 20261126;
const FOUND_MS = 20_000;
jest.setTimeout(TRIES * 2 * FOUND_MS);

let nats: TestNats;
let folder: TempFolder;
let under: TestLedger;
let running: RunningService;
/** As the gateway asks for chain-status. */
let ask: () => Promise<VerifierReport>;

beforeAll(async () => {
  [nats, folder, under] = [await startNats(), tempFolder(), await tempLedger()];
  await original.write(under.ledger);
  const config = Object.assign(new ChainVerifierConfig(), {
    ...{ NATS_URL: nats.url, NATS_USER: 'chain-verifier', NATS_PASSWORD: nats.passwords['chain-verifier'] },
    ...{ LEDGER_URL: under.url, INDEX_DIR: join(folder.path, 'index'), PINS_DIR: join(folder.path, 'pins') },
    ...{ VERIFY_INTERVAL_SECONDS: 1, FULL_PASS_PAUSE_SECONDS: 1, FULL_PASS_SHARE_PERCENT: 100 },
  });
  running = await start({ config, log: createLogger('chain-verifier', 'silent'), health: new Health() });
  const gateway = await nats.connect('gateway');
  ask = () => gateway.ask('ask.verifier.status', { organisationId: org });
});
afterAll(async () => {
  await running?.stop();
  await checkLedger(under.ledger);
  await under.remove();
  await nats.stop();
  folder.remove();
});

const file = (): string => under.url.slice('sqlite:'.length);
const inOneStep = (work: (db: DatabaseSync) => void): void =>
  bendFile(file(), (db) => {
    db.exec('BEGIN IMMEDIATE');
    work(db);
    db.exec('COMMIT');
  });

/** Resolves when a whole pass has found everything as it was sealed. */
const sound = (): Promise<VerifierReport> =>
  eventually(
    async () => {
      const report = await ask();
      return report.valid && report.verifiedTo === COUNT && report.lastFullVerification?.size === COUNT ? report : null;
    },
    { what: 'A clean pass', deadlineMs: FOUND_MS },
  );

describe('a running chain-verifier, asked while somebody bends the ledger', () => {
  beforeEach(sound);

  it.each(TAMPERINGS)('$name: it says what and where, until it is mended', async ({ apply }) => {
    const random = seeded(SEED);
    const pick: Pick = (limit) => Math.floor(random() * limit);
    for (let number = 0; number < TRIES; number += 1) {
      let expected: ReturnType<Tampering['apply']> = { code: null, position: -1 };
      inOneStep((db) => {
        db.exec('DROP TABLE IF EXISTS saved; CREATE TABLE saved AS SELECT * FROM events');
        expected = apply(db, pick);
      });
      // The first look may lie between two of its pages, and tell of less.
      const found = (report: VerifierReport): string[] =>
        report.alerts
          .filter(
            ({ firstBadPosition }) =>
              firstBadPosition === Math.min(...report.alerts.map((one) => one.firstBadPosition ?? COUNT)),
          )
          .map(({ code, firstBadPosition }) => `${expected.code === null ? 'any' : code} ${firstBadPosition}`);
      const wanted = `${expected.code ?? 'any'} ${expected.position}`;
      const report = await eventually(
        async () => {
          const now = await ask();
          return found(now).includes(wanted) ? now : null;
        },
        { what: `${wanted} (try ${number})`, deadlineMs: FOUND_MS },
      );
      expect(report.valid).toBe(false);
      expect(report.verifiedTo).toBeLessThanOrEqual(COUNT);
      inOneStep((db) => db.exec('DELETE FROM events; INSERT INTO events SELECT * FROM saved; DROP TABLE saved'));
      await sound();
    }
  });
});
