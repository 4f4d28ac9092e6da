import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { calibrate, CalibrationProgram } from './calibration.mjs';
import { observation, sealRequest } from './sample.mjs';
import { count, median, percent, ratio, spread, spreadPercent, sum, within } from './statistics.mjs';
import { checkSyncs } from './syncs.mjs';
import { openWriter } from './writer.mjs';

const MARK = 0.6;
const MARK_BATCH = 256;

/** Sealed events per second by the number of requests that are waiting at once, beside the calibration program, in turns. */
export const seal = {
  name: 'seal',
  about: 'sealed events per second by batch size, beside the calibration program',
  async run({ quick, folder, say }) {
    const sizes = quick ? [1, 256] : [1, 16, 64, 256, 1024];
    const rounds = quick ? 2 : 7;
    const slotMs = quick ? 60 : 400;
    const program = new CalibrationProgram(folder);
    const open = await openWriter(folder);
    let next = 0;
    const fresh = (size) => Array.from({ length: size }, () => observation((next += 1)));
    const storing = async (observations) => program.store(observations);
    const sealing = async (requests) => {
      await Promise.all(requests.map((request) => open.writer.seal(request)));
    };
    const raw = [];
    for (const round of Array.from({ length: rounds + 1 }).keys()) {
      say(`round ${round} of ${rounds}`);
      const calibration = calibrate(folder, slotMs / 4);
      for (const size of sizes) {
        const baseline = await pace(slotMs, size, fresh, storing);
        open.batches.length = 0;
        const sealed = await pace(slotMs, size, (n) => fresh(n).map((one) => sealRequest([one])), sealing);
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

/** Events per second over at least `slotMs` of work; making what is worked on does not count. */
async function pace(slotMs, size, make, work) {
  let took = 0;
  let done = 0;
  while (took < slotMs) {
    const made = make(size);
    const start = performance.now();
    await work(made);
    took += performance.now() - start;
    done += size;
  }
  return (done * 1000) / took;
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
  const marked = rows.find(({ size }) => size === MARK_BATCH);
  return {
    columns: ['requests at once', 'in one batch', 'sealed/s', 'program/s', 'ratio', 'of all rounds'],
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
        what: `sealing at batch ${MARK_BATCH}, of the calibration program`,
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
