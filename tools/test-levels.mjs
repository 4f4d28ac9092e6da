import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', ...name.split('/'));
const PATIENCE_MS = 60_000;
const quiet = {
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  NX_TUI: 'false',
  CI: 'true',
  FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
};

/** Format, lint (through Nx: without its project graph the boundary rule passes silently), types, then the unit and property tests. */
export async function runChecks() {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  await runStep('format', [bin('prettier/bin/prettier.cjs'), '--check', '.', '--log-level', 'warn'], sum);
  await runStep('lint', [bin('nx/dist/bin/nx.js'), 'run-many', '-t', 'lint', '--output-style', 'static'], sum);
  await runStep('types', [bin('typescript/bin/tsc'), '-b', 'tsconfig.json'], sum);
  await runLevel('unit', sum);
  return sum;
}

async function runStep(title, args, sum) {
  const startedAt = Date.now();
  const code = await node(args, quiet);
  sum[code === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${title}  ${seconds(startedAt)}`);
}

/** One jest run over all projects. Whole-system tests share the machine's ports and cores, so they run one at a time. */
export async function runLevel(level, sum) {
  const startedAt = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'audital-test-'));
  const report = join(folder, 'report.json');
  const workers = level === 'e2e' ? 1 : Math.max(2, availableParallelism() - 1);
  const args = [bin('jest/bin/jest.js'), '--json', `--outputFile=${report}`, `--maxWorkers=${workers}`];
  const code = await node(args, { AUDITAL_TEST_LEVEL: level }, report);
  count(report, code, sum);
  rmSync(folder, { recursive: true, force: true });
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${level} tests  ${seconds(startedAt)}`);
}

/** A suite that could not even load counts as one failure; a run without a report too. */
function count(report, code, sum) {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    sum.passed += result.numPassedTests;
    sum.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
    sum.skipped += result.numPendingTests + result.numTodoTests;
    if (code !== 0 && result.success) sum.failed += 1;
  } catch {
    sum.failed += 1;
  }
}

export function printSum(sum) {
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * The exit code. A run that has written its `report` and still does not end has a failed test's process or socket open: it is ended, and counts
 * as failed, because whoever waits for the sum would wait for ever.
 */
function node(args, env, report) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    const watch = report ? endAfter(child, report) : undefined;
    const settle = (code) => {
      clearInterval(watch);
      resolve(code ?? 1);
    };
    child.on('error', () => settle(1));
    child.on('exit', settle);
  });
}

function endAfter(child, report) {
  let reportedAt = null;
  return setInterval(() => {
    if (!existsSync(report)) return;
    reportedAt ??= Date.now();
    if (Date.now() - reportedAt < PATIENCE_MS) return;
    console.log(
      `The tests ended ${seconds(reportedAt)} ago and their process did not: something was left open. It is killed.`,
    );
    child.kill('SIGKILL');
  }, 1_000);
}
