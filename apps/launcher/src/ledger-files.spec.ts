import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkLedgerFolder, serviceUrls, writeServiceUrls } from './ledger-files';

const ADMIN = 'esdb://admin:change%40it@db:2113?tls=true';

describe('the LEDGER_URL of each service', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audital-ledger-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('names a user of its own, and keeps its password when it is made again', () => {
    const first = serviceUrls(folder, ADMIN);
    writeServiceUrls(folder, first);
    writeServiceUrls(folder, serviceUrls(folder, ADMIN));
    expect(new Set(first.map(({ password }) => password)).size).toBe(first.length);
    for (const { service, file, password } of first) {
      expect(readFileSync(file, 'utf8')).toBe(`esdb://audital-${service}:${password}@db:2113?tls=true\n`);
      expect(statSync(file).mode & 0o777).toBe(0o444);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is found by the launcher, which names the services that have none', () => {
    expect(() => checkLedgerFolder(folder)).toThrow(/no LEDGER_URL for integration-registry, chain-writer,/);
    writeServiceUrls(folder, serviceUrls(folder, ADMIN));
    checkLedgerFolder(folder);
    rmSync(join(folder, 'ledger-gateway'));
    expect(() => checkLedgerFolder(folder)).toThrow(`${folder} has no LEDGER_URL for gateway:`);
  });

  it('does not overwrite what it did not write', () => {
    writeFileSync(join(folder, 'ledger-gateway'), 'something else');
    expect(() => serviceUrls(folder, ADMIN)).toThrow('move it away');
  });
});
