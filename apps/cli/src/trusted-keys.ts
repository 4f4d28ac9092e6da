import { readFileSync } from 'node:fs';
import { parseVkey } from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import { type OptionValues, textOf, textsOf, UsageError } from './command';

export const TRUST_OPTIONS = {
  vkey: { type: 'string', multiple: true },
  policy: { type: 'string' },
} as const;

/** The keys that the reader gave with --vkey and --policy, each well formed; none when neither was given. */
export function trustedKeys(values: OptionValues): string[] {
  const policy = textOf(values['policy']);
  const vkeys = [
    ...textsOf(values['vkey']).map((vkey) => vkey.trim()),
    ...(policy === undefined ? [] : keysOf(policy)),
  ];
  for (const vkey of vkeys) {
    try {
      parseVkey(sha256, vkey);
    } catch (error) {
      throw new UsageError(`${JSON.stringify(vkey)} is no key of a log: ${(error as Error).message}`);
    }
  }
  return vkeys;
}

/** The `log` lines of a C2SP tlog-policy file; witnesses are not looked at yet. */
function keysOf(path: string): string[] {
  const keys = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => /^log\s+(\S+)/.exec(line)?.[1] ?? []);
  if (keys.length === 0) throw new UsageError(`${path} names no key: a trust policy has a line "log <vkey>".`);
  return keys;
}
