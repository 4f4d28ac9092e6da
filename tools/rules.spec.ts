import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Mutation {
  /** The clause of the rule that it takes out, in words. */
  without: string;
  file: string;
  find: string;
  replace: string;
  /** Where they are not the rule's. */
  tests?: string[];
}
interface Rule {
  rule: string;
  tests: string[];
  mutations: Mutation[];
}

const root = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What holds when anything dies (DESIGN §8), and the tests that fail when a clause is taken out: `npm run mutations` does so. */
const RULES = JSON.parse(read('tools/mutations/rules.json')) as Record<string, Rule>;
const mutations = Object.entries(RULES).flatMap(([number, { tests, mutations: all }]) =>
  all.map((one) => ({ number, tests, ...one })),
);

/** A test file with the suites that it runs. */
function textOf(file: string): string {
  const suites = [...read(file).matchAll(/from '(\.\/[^']+\.spec-suite)'/g)].map(([, path]) => `${path}.ts`);
  return [file, ...suites.map((path) => join(dirname(file), path)).filter((path) => existsSync(join(root, path)))]
    .map(read)
    .join('\n');
}

describe('DESIGN §8', () => {
  it('has twelve rules, each with clauses that can be taken out', () => {
    expect(Object.keys(RULES)).toEqual(Array.from({ length: 12 }, (_, index) => String(index + 1)));
    expect(Object.values(RULES).every((rule) => rule.mutations.length > 0)).toBe(true);
  });

  it.each(mutations)('§8.$number: $without: is in the code once, and cited by its tests', ({ file, find, ...one }) => {
    expect(read(file).split(find)).toHaveLength(2);
    const cited = new RegExp(`(it|describe|it\\.each\\([^]*?\\))\\(\\s*['\`"].*§8\\.${one.number}(?!\\d)`);
    expect(one.tests.some((test) => cited.test(textOf(test)))).toBe(true);
  });

  it('was taken out clause by clause, and each was missed: docs/crash-safety.md', () => {
    // After a change of the list: npm run mutations -- --docs
    const rows = read('docs/crash-safety.md').matchAll(/^\| (\d+) \| (.+?) \| (\w+) \|/gm);
    const expected = mutations.map(({ number, without }) => [number, without, 'killed']);
    expect([...rows].map(([, ...cells]) => cells)).toEqual(expected);
  });

  it('no test cites a rule that does not exist', () => {
    const specs = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.spec.ts', '*spec-suite.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const texts = specs
      .trim()
      .split('\n')
      .filter((file) => existsSync(join(root, file)))
      .map(read);
    const numbers = texts.flatMap((text) => [...text.matchAll(/§8\.(\d+)/g)].map(([, number]) => Number(number)));
    expect([...new Set(numbers)].filter((number) => !(number in RULES))).toEqual([]);
  });
});
