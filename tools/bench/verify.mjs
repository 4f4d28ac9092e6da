import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BulkChain, makeSigner } from './bulk-chain.mjs';
import { chain } from './built.mjs';
import { calibrate } from './calibration.mjs';
import { organisationId } from './sample.mjs';
import { calibrationOf } from './seal.mjs';
import { count, median, percent, ratio, spread, within } from './statistics.mjs';

const MARK_PER_SECOND = 100_000;
const MARK_BYTES = 200 * 1024 * 1024;
const usage = fileURLToPath(new URL('usage.mjs', import.meta.url));

/** Both verifiers over exports that were written for it: events per second of processor time, and memory. */
export const verify = {
  name: 'verify',
  about: 'events that audital verify and verify.mjs check in a second of one core, and their memory',
  async run({ quick, folder, say, root }) {
    const sizes = quick ? [2_000, 20_000] : [100_000, 1_000_000];
    const rounds = quick ? 2 : 5;
    const programs = [
      { name: 'audital verify', args: [join(root, 'apps/cli/dist/main.js'), 'verify'] },
      { name: 'verify.mjs', args: [join(root, 'apps/cli/verify.mjs')] },
    ];
    const exports = sizes.map((events) => {
      say(`writing an export of ${count(events)} events`);
      return writeExport(join(folder, String(events)), events);
    });
    const raw = [];
    const measure = (round, program, one) => {
      say(`${program.name} on ${count(one.events)} events, round ${round}`);
      raw.push({
        round,
        program: program.name,
        events: one.events,
        ...run(program, one, folder),
        ...calibrate(folder, quick ? 20 : 60),
      });
    };
    for (let round = 1; round <= rounds; round += 1)
      for (const program of programs) measure(round, program, exports[0]);
    for (let round = 1; round <= (quick ? 1 : 3); round += 1)
      for (const program of programs) measure(round, program, exports[1]);
    for (const one of exports) rmSync(one.folder, { recursive: true });
    return report(sizes, programs, exports, raw);
  },
};

function report(sizes, programs, exports, raw) {
  const of = (program, events) => raw.filter((one) => one.program === program.name && one.events === events);
  const rate = (one) => one.events / (one.cpuMs / 1000);
  const rows = programs.flatMap((program) =>
    sizes.map((events) => {
      const rounds = of(program, events);
      const rates = spread(rounds.map(rate));
      const share = ratio(rounds, rate, ({ sha256PerSecond }) => sha256PerSecond);
      const rss = Math.max(...rounds.map(({ rssBytes }) => rssBytes));
      return [
        program.name,
        count(events),
        count(rates.median),
        within(rates, count),
        percent(share.median),
        `${count(rss / 1024 ** 2)} MB`,
      ];
    }),
  );
  const large = of(programs[0], sizes[1]);
  // Whoever shares the machine can only slow a round down, so the fastest is the nearest to what a core can do.
  const fastest = Math.max(...large.map(rate));
  const rss = Math.max(...large.map(({ rssBytes }) => rssBytes));
  return {
    columns: ['program', 'events', 'events/s of a core', 'of all rounds', 'of SHA-256/s', 'RSS at most'],
    rows,
    calibration: calibrationOf(raw),
    notes: [
      `${count(exports[1].bytes / sizes[1])} bytes of export for each event; start and end of the process are counted`,
    ],
    marks: [
      {
        what: `audital verify at ${count(sizes[1])} events, per second of a core, fastest of ${large.length} rounds`,
        wanted: `≥ ${count(MARK_PER_SECOND)}`,
        found: count(fastest),
        reached: fastest >= MARK_PER_SECOND,
      },
      {
        what: `RSS of audital verify at ${count(sizes[1])} events`,
        wanted: '< 200 MB',
        found: `${count(rss / 1024 ** 2)} MB`,
        reached: rss < MARK_BYTES,
      },
    ],
    raw: { runs: raw, events: median(sizes) },
  };
}

function run(program, { folder: target, vkey }, scratch) {
  const file = join(scratch, 'usage.json');
  const args = ['--import', usage, ...program.args, target, '--vkey', vkey, '--json'];
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, BENCH_USAGE_FILE: file },
  });
  const tookMs = performance.now() - startedAt;
  if (status !== 0)
    throw new Error(`${program.name} answered ${status}: ${stdout.slice(0, 500)}${stderr.slice(0, 500)}`);
  return { tookMs, ...JSON.parse(readFileSync(file, 'utf8')) };
}

/** An export folder as `audital export` leaves it. */
function writeExport(folder, events) {
  mkdirSync(folder);
  const organisation = organisationId();
  const origin = `audital.local/log/${organisation}`;
  const { signer, vkey } = makeSigner(origin);
  const bulk = new BulkChain(origin, organisation);
  const path = join(folder, 'events.ndjson');
  const file = openSync(path, 'w');
  let lines = [];
  for (let number = 0; number < events; number += 1) {
    const { position, record, salt, payload } = bulk.next(number === 0 ? { origin, vkey } : payloadOf(number));
    lines.push(lineOf(position, record, salt, payload));
    if (lines.length === 1000) writeSync(file, lines.splice(0).join(''));
  }
  const trailer = chain.exportTrailer({
    origin,
    count: events,
    first: 0,
    last: events - 1,
    head: bulk.head,
    before: [],
    checkpoint: bulk.checkpoint(signer).note,
    vkeys: [vkey],
  });
  lines.push(trailer);
  writeSync(file, lines.join(''));
  closeSync(file);
  return { folder, vkey, events, bytes: statSync(path).size };
}

/** What `exportLine` writes, by Node's faster base64; the first lines are compared. */
function lineOf(chainPosition, record, salt, payload) {
  const base64 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  const line = `{"chainPosition":${chainPosition},"record":"${base64(record)}","salt":"${salt.toString('hex')}","payload":"${base64(payload)}"}\n`;
  if (chainPosition < 10 && line !== chain.exportLine({ chainPosition, record, salt, payload }))
    throw new Error('The bench writes another line than the exporter.');
  return line;
}

const payloadOf = (number) => ({
  trainingJobName: `credit-scorer-${number}`,
  trainingJobStatus: 'Completed',
  finalMetrics: { 'validation:auc': 0.9487 },
  modelArtifacts: `s3://models/credit-scorer/credit-scorer-${number}/output/model.tar.gz`,
});
