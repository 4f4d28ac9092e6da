import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { calibrate } from './calibration.mjs';
import { layChain } from './long-chain.mjs';
import { observation, sealRequest } from './sample.mjs';
import { calibrationOf } from './seal.mjs';
import { count, middleHalf, ms, percent, ratio, spread, within } from './statistics.mjs';
import { openWriter } from './writer.mjs';

const SHORT = 1_000;
const MARK = 0.1;

/** What a batch costs on a chain of a thousand and on one of a million, in turns. */
export const chainLength = {
  name: 'chain-length',
  about: 'time to seal on a long chain, beside a short one',
  async run({ quick, folder, say }) {
    const long = quick ? 5_000 : 1_000_000;
    const rounds = quick ? 2 : 9;
    const sizes = [1, 256];
    const times = quick ? 3 : 12;
    await layChain(join(folder, 'long'), long, (size) => say(`laying a chain of ${count(long)}: ${count(size)}`));
    const far = await openWriter(join(folder, 'long'));
    let next = 0;
    const fresh = (size) => Array.from({ length: size }, () => sealRequest([observation((next += 1))]));
    await seal(far, fresh(256));
    const raw = [];
    for (let round = 0; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}`);
      // The short one is a new one in each round, or it would not stay short.
      await layChain(join(folder, 'short'), SHORT);
      const near = await openWriter(join(folder, 'short'));
      await seal(near, fresh(256));
      const calibration = calibrate(folder, quick ? 20 : 60);
      for (const size of sizes) {
        for (let time = 0; time < times; time += 1) {
          const took = {};
          const turns = [
            ['near', near],
            ['far', far],
          ];
          // One after the other, and each first in every second pair.
          for (const [name, open] of time % 2 === 0 ? turns : turns.reverse())
            took[name] = await seal(open, fresh(size));
          if (round > 0) raw.push({ round, size, ...took, ...calibration });
        }
      }
      await near.close();
      rmSync(join(folder, 'short'), { recursive: true });
    }
    await far.close();
    return report(sizes, long, raw);
  },
};

async function seal({ writer }, requests) {
  const start = performance.now();
  await Promise.all(requests.map((request) => writer.seal(request)));
  return performance.now() - start;
}

function report(sizes, long, raw) {
  const rows = sizes.map((size) => {
    const rounds = raw.filter((round) => round.size === size);
    const share = ratio(
      rounds,
      ({ far }) => far,
      ({ near }) => near,
    );
    const half = middleHalf(rounds.map(({ near, far }) => far / near));
    return { size, rounds, share, half };
  });
  return {
    columns: ['requests at once', `on ${count(SHORT)}`, `on ${count(long)}`, 'ratio of pairs', 'middle half of them'],
    rows: rows.map(({ size, rounds, share, half }) => [
      count(size),
      ms(spread(rounds.map(({ near }) => near)).median),
      ms(spread(rounds.map(({ far }) => far)).median),
      percent(share.median),
      within(half, percent),
    ]),
    calibration: calibrationOf(raw),
    notes: [],
    marks: rows.map(({ size, share }) => ({
      what: `sealing ${count(size)} at ${count(long)} costs, of the same at ${count(SHORT)}`,
      wanted: `≤ ${percent(1 + MARK)}`,
      found: percent(share.median),
      reached: share.median <= 1 + MARK,
    })),
    raw: { pairs: raw },
  };
}
