import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Rejected } from '@audital/contracts';

export interface Options {
  check: boolean;
  speed: number;
  aws: boolean;
  /** 0: any free port. */
  port: number;
  /** Null: a temporary folder (with `--check` only). */
  dataFolder: string | null;
  fresh: boolean;
  /** A URL for all services, or the folder that holds one for each, in `ledger-SERVICE`; null: in the data folder. */
  ledger: { url: string } | { folder: string } | null;
  /** A nats-server that runs already; null: start one. */
  natsUrl: string | null;
}

const SPEED_MAX = 3600;

/** Throws `Rejected` with one sentence for whatever is wrong with the command line. */
export function parseOptions(args: string[], env: Record<string, string | undefined>, folder: string): Options {
  const values = parsed(args);
  const check = values.check === true;
  const aws = values.aws === true;
  if (check && aws)
    throw new Rejected('USAGE', '--check plays the simulated story, so it cannot go with --aws: leave one out.');
  if (aws && values.speed !== undefined)
    throw new Rejected('USAGE', '--speed is for the simulator: real AWS runs at speed 1.');
  const data = values.data as string | undefined;
  if (values.fresh === true && check && data === undefined) {
    throw new Rejected('USAGE', '--check makes a folder of its own, so --fresh needs --data DIR with it.');
  }
  return {
    check,
    aws,
    speed: aws ? 1 : wholeNumber('--speed', values.speed as string | undefined, 60, [1, SPEED_MAX]),
    port: wholeNumber('--port', values.port as string | undefined, check ? 0 : 8080, [0, 65_535]),
    dataFolder: data !== undefined ? resolve(folder, data) : check ? null : resolve(folder, '.audital'),
    fresh: values.fresh === true,
    ledger: ledgerOption(values.ledger as string | undefined, folder),
    natsUrl: env['NATS_URL'] || null,
  };
}

function parsed(args: string[]): Record<string, string | boolean | undefined> {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  try {
    const options = {
      check: flag,
      aws: flag,
      fresh: flag,
      help: flag,
      speed: text,
      port: text,
      data: text,
      ledger: text,
    };
    return parseArgs({ args, options, allowPositionals: false }).values;
  } catch (error) {
    throw new Rejected('USAGE', `${(error as Error).message.split('. ')[0]}. See npm start -- --help.`);
  }
}

function ledgerOption(text: string | undefined, folder: string): Options['ledger'] {
  if (text === undefined) return null;
  return /^[a-z+]+:/.test(text) ? { url: text } : { folder: resolve(folder, text) };
}

function wholeNumber(name: string, text: string | undefined, fallback: number, [min, max]: [number, number]): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Rejected('USAGE', `${name} is a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
  }
  return value;
}
