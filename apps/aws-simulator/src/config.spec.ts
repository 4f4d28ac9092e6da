import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigError, loadConfig } from './config';

const minimal = { SIMULATOR_DATA_DIR: '/data' };

describe('the configuration', () => {
  it('has a default for everything but the data folder', () => {
    expect(loadConfig(minimal)).toMatchObject({
      host: '127.0.0.1',
      port: 4566,
      speed: 1,
      story: 'none',
      mode: 'clock',
      externalId: null,
    });
  });

  it('reads the external id from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'audital-test-'));
    const file = join(folder, 'external-id');
    writeFileSync(file, 'aud_ext_abc\n');
    expect(loadConfig({ ...minimal, AUDITAL_EXTERNAL_ID_FILE: file }).externalId).toBe('aud_ext_abc');
    rmSync(folder, { recursive: true });
    expect(() => loadConfig({ ...minimal, AUDITAL_EXTERNAL_ID_FILE: file })).toThrow('cannot be read (ENOENT)');
  });

  it('reports all that is wrong at once; an empty value counts as missing', () => {
    const env = {
      SIMULATOR_DATA_DIR: '',
      PORT: '70000',
      SPEED: '0.5',
      STORY: 'romance',
      AUDITAL_PRINCIPAL_ACCOUNT: '12',
    };
    let problems: string[] = [];
    try {
      loadConfig(env);
    } catch (error) {
      problems = (error as ConfigError).problems;
    }
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'SPEED',
      'STORY',
      'AUDITAL_PRINCIPAL_ACCOUNT',
      'SIMULATOR_DATA_DIR',
    ]);
  });

  it('refuses to run faster than real time in production', () => {
    expect(() => loadConfig({ ...minimal, SPEED: '60', NODE_ENV: 'production' })).toThrow(
      'SPEED must be 1 when NODE_ENV is production.',
    );
  });
});
