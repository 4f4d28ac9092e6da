// `npm run mutations -- [RULE…]`: takes each rule of DESIGN §8 out of a copy of the sources, clause by clause, and runs the tests that cite
// its number. One that still passes does not guard the rule.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySources } from './mutations/copy.mjs';
import { writeTable } from './mutations/page.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rules = JSON.parse(readFileSync(join(root, 'tools/mutations/rules.json'), 'utf8'));
const TEST_LIMIT_MS = 240_000;

const HELP = `npm run mutations -- [RULE…] [--docs]

  RULE     a number of DESIGN §8, such as 3; all without one
  --docs   writes the outcome of those rules into docs/crash-safety.md

Exit codes: 0 every clause that was taken out made a test fail, 1 one did not (or its test fails anyway), 2 usage.
`;

/** The tests of these files that cite the rule. Resolves to what failed; `ran` is 0 when none does, or the files do not even load. */
async function runCiting(folder, number, tests) {
  const report = join(folder, 'mutation-report.json');
  writeFileSync(report, '{}');
  const args = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${report}`,
    '--maxWorkers=1',
    '--forceExit',
  ];
  const citing = ['--testNamePattern', String.raw`§8\.${number}(?!\d)`, '--runTestsByPath'];
  const files = tests.map((file) => join(folder, file));
  const hung = await ended(spawn(process.execPath, [...args, ...citing, ...files], { cwd: folder, stdio: 'ignore' }));
  const { testResults = [] } = JSON.parse(readFileSync(report, 'utf8'));
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const ran = results.filter(({ status }) => status === 'passed').length + failed.length;
  return hung ? { ran: 1, failed: ['(none ended in time)'] } : { ran, failed };
}

/** True when it had to be stopped. */
function ended(child) {
  return new Promise((resolve) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), TEST_LIMIT_MS);
    child.on('exit', (_code, signal) => {
      clearTimeout(limit);
      resolve(signal === 'SIGKILL');
    });
  });
}

async function runRule(folder, number, { tests: usual, mutations }) {
  const rows = [];
  const sound = new Map();
  for (const { without, file, find, replace, tests = usual } of mutations) {
    const key = tests.join();
    if (!sound.has(key)) sound.set(key, await runCiting(folder, number, tests));
    const { ran, failed: failing } = sound.get(key);
    const row = { rule: number, without, verdict: 'NO TEST', by: '' };
    if (failing.length > 0) Object.assign(row, { verdict: 'FAILS ANYWAY', by: failing[0] });
    else if (ran > 0) Object.assign(row, await runWithout(folder, number, { file, find, replace, tests }));
    rows.push(row);
    print(row);
  }
  return rows;
}

async function runWithout(folder, number, { file, find, replace, tests }) {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) return { verdict: 'NOT FOUND', by: `${file} has "${find}" not exactly once` };
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  const { ran, failed } = await runCiting(folder, number, tests);
  writeFileSync(path, text);
  if (ran === 0) return { verdict: 'DOES NOT LOAD', by: '' };
  return failed.length > 0 ? { verdict: 'killed', by: failed[0] } : { verdict: 'SURVIVED', by: '' };
}

const print = ({ rule, without, verdict, by }) =>
  process.stdout.write(
    `§8.${String(rule).padEnd(3)} ${verdict.padEnd(13)} ${without}${by ? `\n${' '.repeat(20)}${by}` : ''}\n`,
  );

async function main(args) {
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  if (wanted.some((rule) => !(rule in rules)) || args.some((arg) => arg.startsWith('--') && arg !== '--docs')) {
    process.stderr.write(HELP);
    return 2;
  }
  const { folder, remove } = copySources(root);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (remove(), process.exit(130)));
  try {
    const rows = [];
    for (const [number, rule] of Object.entries(rules))
      if (wanted.length === 0 || wanted.includes(number)) rows.push(...(await runRule(folder, number, rule)));
    const killed = rows.filter(({ verdict }) => verdict === 'killed').length;
    process.stdout.write(`${killed} of ${rows.length} clauses taken out made a test fail\n`);
    if (args.includes('--docs')) writeTable(join(root, 'docs/crash-safety.md'), rows);
    return killed === rows.length ? 0 : 1;
  } finally {
    remove();
  }
}

process.exitCode = await main(process.argv.slice(2));
