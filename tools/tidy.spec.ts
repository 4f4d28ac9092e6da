import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..');

/** Lines of the longest source files as they stand; a file may get shorter, and new ones stay within the rule. */
const LINES_MAX = 320;

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /^(apps|libs|e2e|tools)\/.*\.tsx?$/.test(file));
const sources = tracked.filter(
  (file) => !/\.(spec|spec-suite)\.ts$/.test(file) && !file.includes('/testing/') && !file.includes('/fixtures/'),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Lints one planted file through Nx's own ESLint configuration, with the project graph that Nx has made. */
function lintPlanted(file: string, text: string): string {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  try {
    const eslint = join(root, 'node_modules/eslint/bin/eslint.js');
    const { stdout, stderr } = spawnSync(process.execPath, [eslint, '--no-cache', path], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false', CI: 'true' },
    });
    return stdout + stderr;
  } finally {
    rmSync(path, { force: true });
  }
}

describe('house rules', () => {
  it.each(sources.filter((file) => read(file).split('\n').length > LINES_MAX).concat('none'))(
    '%s is short enough to be read',
    (file) => {
      // A ratchet: who makes a listed file longer splits it.
      const known: Record<string, number> = {
        'apps/chain-writer/src/organisation-writer.ts': 330,
        'apps/launcher/src/launcher.ts': 360,
      };
      if (file !== 'none') expect(read(file).split('\n').length).toBeLessThanOrEqual(known[file] ?? LINES_MAX);
    },
  );

  it('no test is skipped, focused or left for later', () => {
    const marks = /\b(it|test|describe)\.(skip|only|todo)\b|\bx(it|describe|test)\(/;
    expect(tracked.filter((file) => file !== 'tools/tidy.spec.ts' && marks.test(read(file)))).toEqual([]);
  });

  it('nobody but the messaging library imports nats, nobody but the ledger node:sqlite for a ledger', () => {
    const importsNats = sources.filter((file) => /from 'nats'/.test(read(file)) && !file.startsWith('libs/messaging/'));
    expect(importsNats).toEqual([]);
  });

  it('check/ knows no write/', () => {
    const checkers = sources.filter((file) => file.startsWith('libs/chain/src/check/'));
    expect(checkers.length).toBeGreaterThan(3);
    expect(checkers.filter((file) => /write/.test((read(file).match(/from '[^']+'/g) ?? []).join(' ')))).toEqual([]);
  });

  it('no catch-all folder or default export', () => {
    expect(tracked.filter((file) => /\/(utils?|common|shared|helpers?)(\/|\.ts)/.test(file))).toEqual([]);
    expect(sources.filter((file) => /^export default /m.test(read(file)))).toEqual([]);
  });
});

describe('the rules bite on a planted violation', () => {
  it.each([
    [
      'an app that imports an app',
      'apps/chain-writer/src/planted.ts',
      "import '../../gateway/src/main';\n",
      /enforce-module-boundaries/,
    ],
    [
      'a library that imports an app',
      'libs/ledger/src/planted.ts',
      "import '@audital/gateway';\n",
      /enforce-module-boundaries/,
    ],
    [
      'a domain that imports Nest',
      'apps/chain-writer/src/domain/planted.ts',
      "import { Module } from '@nestjs/common';\nexport const planted = Module;\n",
      /no-restricted-imports/,
    ],
    [
      'a domain that does I/O',
      'apps/chain-writer/src/domain/planted.ts',
      "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n",
      /no-restricted-imports/,
    ],
    [
      'a domain with a clock',
      'apps/chain-writer/src/domain/planted.ts',
      'export const planted = (): number => Date.now();\n',
      /no-restricted-syntax/,
    ],
    [
      'a domain with randomness',
      'apps/chain-writer/src/domain/planted.ts',
      'export const planted = (): number => Math.random();\n',
      /no-restricted-syntax/,
    ],
    [
      'a domain that reads the environment',
      'apps/chain-writer/src/domain/planted.ts',
      'export const planted = process.env;\n',
      /no-restricted-syntax/,
    ],
    [
      'a chain library that needs Node',
      'libs/chain/src/planted.ts',
      "import { hash } from 'node:crypto';\nexport const planted = hash;\n",
      /no-restricted-imports/,
    ],
    [
      'a promise nobody waits for',
      'libs/ledger/src/planted.ts',
      'export function planted(): void {\n  Promise.resolve(1);\n}\n',
      /no-floating-promises/,
    ],
  ])(
    '%s',
    (_name, file, text, rule) => {
      expect(lintPlanted(file, text)).toMatch(rule);
    },
    60_000,
  );
});
