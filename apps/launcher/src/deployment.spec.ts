import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NATS_USERS } from '@audital/messaging';
import { makeDeploymentFiles } from './deployment';

describe('makeDeploymentFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'audital-test-')), 'secrets');
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const mode = (path: string): number => statSync(path).mode & 0o777;

  it('makes a password for each NATS user, and a broker that knows them all', () => {
    const { made, files } = makeDeploymentFiles(folder);
    expect(made).toBe(true);
    const conf = read('nats.conf');
    expect(conf).toContain('sync_interval: always');
    expect(conf).toContain(read('nats-users.conf'));
    for (const user of NATS_USERS) {
      expect(files).toContain(`nats-${user}`);
      expect(conf).toContain(`{"user":"${user}","password":"${read(`nats-${user}`).trim()}"`);
    }
    expect(new Set(NATS_USERS.map((user) => read(`nats-${user}`))).size).toBe(NATS_USERS.length);
  });

  it('keeps its folder for the owner alone, and lets containers read what they are given', () => {
    const { files } = makeDeploymentFiles(folder);
    expect(mode(folder)).toBe(0o700);
    for (const name of files) expect([name, mode(join(folder, name))]).toEqual([name, 0o444]);
    expect(mode(join(folder, 'nats.json'))).toBe(0o600);
  });

  it('makes nothing twice', () => {
    const { files } = makeDeploymentFiles(folder);
    const before = files.map(read);
    expect(makeDeploymentFiles(folder)).toEqual({ made: false, files });
    expect(files.map(read)).toEqual(before);
  });
});
