// `npm run bench`: what Audital does per second, beside what this machine can do at all, measured in turns in one run.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printResult } from './bench/print.mjs';
import { chainLength } from './bench/chain-length.mjs';
import { eventLoop } from './bench/event-loop.mjs';
import { quietPoll } from './bench/quiet-poll.mjs';
import { seal } from './bench/seal.mjs';
import { transport } from './bench/transport.mjs';
import { verify } from './bench/verify.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const benches = [seal, chainLength, eventLoop, transport, verify, quietPoll];

const HELP = `npm run bench -- [NAME…] [options]

${benches.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}

  --quick         a few seconds each: whether it works, not how fast
  --json          one object, with the raw data of every round
  --dir FOLDER    where to write (the disk matters); a folder of its own is made in it and removed. Default: this repository
  --list, --help

Absolute speeds drift with the machine and whoever else uses it. Ratios are taken within each round, and hold.
Exit codes: 0 all ran (a mark that was missed is printed, and is no error), 1 one could not run, 2 usage.
`;

const options = {
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  dir: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

function usage(message) {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const unknown = positionals.find((wanted) => !benches.some(({ name }) => name === wanted));
    if (unknown !== undefined) usage(`There is no bench ${unknown}.`);
    return { values, wanted: benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name)) };
  } catch (error) {
    return usage(error.message);
  }
}

const { values, wanted } = readArguments();
if (values.help || values.list) {
  process.stdout.write(values.help ? HELP : benches.map(({ name }) => `${name}\n`).join(''));
  process.exit(0);
}

const machine = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  kernel: `${process.platform} ${release()}`,
};
const results = [];
let current = null;
const tidy = () => current && rmSync(current, { recursive: true, force: true, maxRetries: 5 });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    tidy();
    process.exit(130);
  });

if (!values.json)
  process.stdout.write(`${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}\n`);
for (const bench of wanted) {
  const startedAt = performance.now();
  current = mkdtempSync(join(resolve(values.dir ?? root), '.bench-'));
  const say = (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${bench.name}: ${text}`);
  try {
    const result = await bench.run({ quick: values.quick ?? false, folder: current, say, root });
    results.push({ name: bench.name, seconds: (performance.now() - startedAt) / 1000, ...result });
  } catch (error) {
    results.push({ name: bench.name, error: error.message });
    process.stderr.write(`${bench.name} could not run: ${error.stack}\n`);
    process.exitCode = 1;
  } finally {
    tidy();
    current = null;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (!values.json) printResult(results.at(-1), bench.about);
}
if (values.json) process.stdout.write(`${JSON.stringify({ v: 1, at: new Date().toISOString(), machine, results })}\n`);
