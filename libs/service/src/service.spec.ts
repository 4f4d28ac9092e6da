import 'reflect-metadata';
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

  it('refuses a speed in production', () => {
    expect(() => loadConfig(Config, { ...right, SPEED: '60', NODE_ENV: 'production' })).toThrow(
      'SPEED must be 1 in production',
    );
  });
});

describe('createLogger', () => {
  it('cuts secrets out of what it writes', () => {
    const lines: string[] = [];
    const log = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
    log.info(
      {
        target: { externalId: 'aud_ext_secret1' },
        request: { headers: { authorization: 'Bearer ak_live_secret2' } },
        payload: { a: 'secret3' },
      },
      'a line',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/secret[123]/);
    expect(lines[0]).toContain('a line');
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
