import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsNotEmpty, IsString } from 'class-validator';
import { ConfigError, loadConfig, ServiceConfig } from './config';
import { Health } from './health';
import { createLogger } from './logger';

class Config extends ServiceConfig {
  /** A key of its own. */
  @IsString()
  @IsNotEmpty()
  SECRET_FILE: string;
}

const right = { NATS_URL: 'nats://127.0.0.1:4222', LEDGER_URL: 'sqlite:/tmp/l', SECRET_FILE: '/tmp/s' };

describe('loadConfig', () => {
  it('reads numbers from text and keeps defaults', () => {
    const config = loadConfig(Config, { ...right, PARTITIONS: '4' });
    expect(config.PARTITIONS).toBe(4);
    expect(config.SPEED).toBe(1);
    expect(config.SECRET_FILE).toBe('/tmp/s');
  });

  it('names every problem at once, and no value', () => {
    const broken = { NATS_URL: 'nats://user:hunter2@host', LEDGER_URL: '', SECRET_FILE: '', PARTITIONS: 'many' };
    const error = thrown(() => loadConfig(Config, broken));
    expect(error).toBeInstanceOf(ConfigError);
    for (const name of ['NATS_URL', 'LEDGER_URL', 'SECRET_FILE', 'PARTITIONS']) expect(error.message).toContain(name);
    expect(error.message).not.toContain('hunter2');
  });

  it('takes nothing from the environment that it has no rule for', () => {
    expect(JSON.stringify(loadConfig(Config, { ...right, AWS_SECRET_ACCESS_KEY: 'hunter3' }))).not.toContain('hunter3');
  });

  it('refuses a speed and a broker without users in production', () => {
    const error = thrown(() => loadConfig(Config, { ...right, SPEED: '60', NODE_ENV: 'production' }));
    for (const problem of ['SPEED must be 1 in production', 'NATS_USER is missing', 'NATS_PASSWORD is missing'])
      expect(error.message).toContain(problem);
    const user = { NATS_USER: 'gateway', NATS_PASSWORD: 'p' };
    expect(loadConfig(Config, { ...right, ...user, NODE_ENV: 'production' }).NATS_USER).toBe('gateway');
  });

  describe('a variable by its file', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audital-test-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('is read from NAME_FILE, without the line end', () => {
      const file = join(folder, 'password');
      writeFileSync(file, 'hunter4\n');
      expect(loadConfig(Config, { ...right, NATS_PASSWORD_FILE: file }).NATS_PASSWORD).toBe('hunter4');
    });

    it('stays a path where the variable itself is a path', () => {
      expect(loadConfig(Config, right).SECRET_FILE).toBe('/tmp/s');
    });

    it('is refused when it cannot be read, or when both are set', () => {
      const missing = { ...right, LEDGER_URL: '', LEDGER_URL_FILE: join(folder, 'nothing') };
      const error = thrown(() => loadConfig(Config, missing));
      expect(error.message.match(/LEDGER_URL/g)).toHaveLength(1);
      expect(error.message).toContain('LEDGER_URL_FILE cannot be read (ENOENT)');
      const both = { ...right, NATS_PASSWORD: 'hunter5', NATS_PASSWORD_FILE: '/tmp/s' };
      expect(thrown(() => loadConfig(Config, both)).message).toContain(
        'NATS_PASSWORD and NATS_PASSWORD_FILE are both set',
      );
      expect(thrown(() => loadConfig(Config, both)).message).not.toContain('hunter5');
    });
  });
});

describe('createLogger', () => {
  const lines: string[] = [];
  const log = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
  beforeEach(() => {
    lines.length = 0;
  });

  it('cuts secrets out of what it writes, at any depth', () => {
    const deep = { a: [{ b: { c: { d: { e: { secret_access_key: 'secret4' } } } } }] };
    log.info(
      {
        target: { externalId: 'aud_ext_secret1' },
        request: { headers: { Authorization: 'Bearer ak_live_secret2' } },
        payload: { a: 'secret3' },
        deep,
        NATS_PASSWORD: 'secret5',
        bytes: Buffer.from('secret6'),
        position: 7,
      },
      'a line',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/secret[123456]/);
    expect(lines[0]).not.toContain(Buffer.from('secret6').join());
    expect(JSON.parse(lines[0] as string)).toMatchObject({ name: 'test', msg: 'a line', position: 7 });
  });

  it('cuts them out of the fields of a child', () => {
    log.child({ session: { sessionToken: 'secret7' } }).info('a line');
    expect(lines[0]).toContain('[cut]');
    expect(lines[0]).not.toContain('secret7');
  });

  it('keeps an error whole, but for what is secret in it', () => {
    const cause = Object.assign(new Error('esdb://writer:secret8@ledger:2113 refused'), { password: 'secret9' });
    log.error({ err: new Error('the key ak_test_secret10 is unknown', { cause }) }, 'it failed');
    const { err } = JSON.parse(lines[0] as string) as { err: { message: string; stack: string } };
    expect(err.message).toMatch(/^the key ak_test_\[cut\] is unknown/);
    expect(err.stack).toContain('service.spec.ts');
    expect(lines[0]).not.toMatch(/secret\d/);
  });

  it('survives what is circular, deep or no JSON', () => {
    const circular: Record<string, unknown> = { big: 1n, at: new Date(0) };
    circular['self'] = circular;
    log.info({ circular }, 'a line');
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      circular: { big: '1', at: '1970-01-01T00:00:00.000Z', self: '[circular]' },
    });
  });
});

describe('Health', () => {
  it('is ready when every check is', () => {
    const health = new Health();
    let away: string | null = 'the ledger is away';
    health.check('ledger', () => away);
    expect(health.report()).toEqual({ ready: false, checks: { ledger: 'the ledger is away' } });
    away = null;
    expect(health.report().ready).toBe(true);
  });
});

function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not throw.');
}
