import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { calibrate, CalibrationProgram } from './calibration.mjs';
import { observation, sealRequest } from './sample.mjs';
import { count, median, percent, ratio, spread, spreadPercent, sum, within } from './statistics.mjs';
import { checkSyncs } from './syncs.mjs';
import { openWriter } from './writer.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const MARK = 0.6;
const MARK_BATCH = 256;

/** As many requests as the transport hands over at once, so that a full batch waits while one is stored. */
const FULL_QUEUE = 4 * MARK_BATCH;
/** Sealed in each round, by how many wait. */
const EVENTS_EACH = 200;
const EVENTS_MAX = 10_000;

/** Sealed events per second by the number of requests that wait at any time, beside the calibration program with batches of that size, in turns. */
export const seal = {
  name: 'seal',
  about: 'sealed events per second by batch size, beside the calibration program',
  async run({ quick, folder, say }) {
    const sizes = quick ? [1, FULL_QUEUE] : [1, 16, 64, MARK_BATCH, FULL_QUEUE];
    const rounds = quick ? 2 : 7;
    const program = new CalibrationProgram(folder);
    const open = await openWriter(folder);
    let next = 0;
    const fresh = (size) => Array.from({ length: size }, () => observation((next += 1)));
    const raw = [];
    for (const round of Array.from({ length: rounds + 1 }).keys()) {
      say(`round ${round} of ${rounds}`);
      const calibration = calibrate(folder, quick ? 15 : 100);
      for (const size of sizes) {
        const events = Math.min(EVENTS_MAX, EVENTS_EACH * size) / (quick ? 10 : 1);
        const baseline = storingPace(program, fresh(events), Math.min(size, MARK_BATCH));
        const requests = fresh(events).map((one) => sealRequest([one]));
        open.batches.length = 0;
        const sealed = await sealingPace(open.writer, requests, size);
        const meanBatch = sum(open.batches) / open.batches.length;
        // The first round warms everything up.
        if (round > 0) raw.push({ round, size, baseline, sealed, meanBatch, ...calibration });
      }
    }
    program.close();
    await open.close();
    mkdirSync(join(folder, 'syncs'));
    const syncs = await checkSyncs(join(folder, 'syncs'), quick ? 5 : 40, MARK_BATCH);
    return report(sizes, raw, syncs);
  },
};

/** Events per second of the calibration program, a batch at a time. Making what is worked on, and its garbage, counts on neither side. */
function storingPace(program, events, size) {
  const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, n) =>
    events.slice(n * size, (n + 1) * size),
  );
  collectGarbage();
  const start = performance.now();
  for (const batch of batches) program.store(batch);
  return (events.length * 1000) / (performance.now() - start);
}

/** The same of the writer, with `waiting` requests at any time: who has an answer asks again at once. */
async function sealingPace(writer, requests, waiting) {
  let next = 0;
  collectGarbage();
  const start = performance.now();
  const asking = async () => {
    while (next < requests.length) await writer.seal(requests[next++]);
  };
  await Promise.all(Array.from({ length: waiting }, asking));
  return (requests.length * 1000) / (performance.now() - start);
}

function report(sizes, raw, syncs) {
  const rows = sizes.map((size) => {
    const rounds = raw.filter((round) => round.size === size);
    const share = ratio(
      rounds,
      ({ sealed }) => sealed,
      ({ baseline }) => baseline,
    );
    return { size, share, rounds };
  });
  const marked = rows.find(({ size }) => size === FULL_QUEUE);
  return {
    columns: ['requests waiting', 'in one batch', 'sealed/s', 'program/s', 'ratio', 'of all rounds'],
    rows: rows.map(({ size, share, rounds }) => {
      const sealed = spread(rounds.map((round) => round.sealed));
      return [
        count(size),
        count(median(rounds.map(({ meanBatch }) => meanBatch))),
        `${count(sealed.median)} ± ${spreadPercent(sealed).toFixed(0)} %`,
        count(median(rounds.map(({ baseline }) => baseline))),
        percent(share.median),
        within(share, percent),
      ];
    }),
    calibration: calibrationOf(raw),
    notes: syncs.notes,
    marks: [
      {
        what: `sealing in batches of ${MARK_BATCH}, of the calibration program`,
        wanted: `≥ ${percent(MARK)}`,
        found: percent(marked.share.median),
        reached: marked.share.median >= MARK,
      },
      ...syncs.marks,
    ],
    raw: { rounds: raw, syncs: syncs.raw },
  };
}

/** Medians of what the machine did by itself during the run. */
export function calibrationOf(raw) {
  const of = (name) => Math.round(median(raw.map((round) => round[name])));
  return {
    fsyncPerSecond: of('fsyncPerSecond'),
    sha256PerSecond: of('sha256PerSecond'),
    jsonPerSecond: of('jsonPerSecond'),
  };
}
