import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');

/** What holds when anything dies (DESIGN §8), and where the tests stand that fail when a rule is taken out. */
const RULES: Record<number, [rule: string, ...files: string[]]> = {
  1: ['ids of the store come from the bytes', 'apps/chain-writer/src/rules.int.spec.ts'],
  2: ['the cursor is fenced', 'apps/chain-writer/src/domain/seal-batch.spec.ts'],
  3: ['chain and cursor cannot part', 'apps/chain-writer/src/killed.int.spec.ts'],
  4: ['duplicates, in the chain and in the batch', 'apps/chain-writer/src/rules.int.spec.ts'],
  5: ['one bad observation never holds the others', 'apps/chain-writer/src/rules.int.spec.ts'],
  6: ['payload, record, cursor, acknowledgement', 'apps/chain-writer/src/rules.int.spec.ts'],
  7: ['chain and checkpoint store are compared', 'apps/chain-writer/src/rules.int.spec.ts'],
  8: ['a stopped organisation stops nobody else', 'apps/poller-scheduler/src/scheduler.int.spec.ts'],
  9: ['the relay, in order, under a checkpoint', 'apps/chain-writer/src/relay.int.spec.ts'],
  10: ['idempotency from the ledger', 'apps/chain-writer/src/organisation-writer.int.spec.ts'],
  11: ['followers survive restarts', 'libs/ledger/src/contract.spec-suite.ts'],
  12: ['SQLite among many processes', 'libs/ledger/src/sqlite-shared.int.spec.ts'],
};

describe('DESIGN §8', () => {
  it.each(Object.entries(RULES))('rule %s is cited by the tests of its table row', (number, [, ...files]) => {
    const cited = new RegExp(`(it|describe|it\\.each\\(.*\\))\\(\\s*['\`"].*§8\\.${number}(?!\\d)`);
    for (const file of files) expect(readFileSync(join(root, file), 'utf8')).toMatch(cited);
  });

  it('no test cites a rule that is not in the table', () => {
    const specs = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.spec.ts', '*spec-suite.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const texts = specs
      .trim()
      .split('\n')
      .map((file) => readFileSync(join(root, file), 'utf8'));
    const numbers = texts.flatMap((text) => [...text.matchAll(/§8\.(\d+)/g)].map(([, number]) => Number(number)));
    expect([...new Set(numbers)].filter((number) => !(number in RULES))).toEqual([]);
  });
});
