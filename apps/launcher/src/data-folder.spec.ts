import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from './data-folder';

describe('the data folder', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'audital-data-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('§8.12 keeps the ledger and the checkpoint store in two folders: who restores one of them is found out', () => {
    const { ledger, checkpoints } = openDataFolder(join(root, 'data'), { fresh: false });
    const isWithin = (inner: string, outer: string): boolean => `${inner}/`.startsWith(`${outer}/`);
    expect([isWithin(ledger, checkpoints), isWithin(checkpoints, ledger)]).toEqual([false, false]);
  });
});
