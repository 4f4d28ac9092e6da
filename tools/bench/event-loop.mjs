import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { calibrate } from './calibration.mjs';
import { layChain } from './long-chain.mjs';
import { observation, sealRequest } from './sample.mjs';
import { calibrationOf } from './seal.mjs';
import { count, median, ms, within, spread } from './statistics.mjs';
import { openWriter } from './writer.mjs';

const MARK_MS = 5;
const BATCH = 256;
const PART_EVENTS = 600;

/** How long others have to wait for the writer's event loop while it seals, and while it loads a long chain. */
export const eventLoop = {
  name: 'event-loop',
  about: 'how long the event loop is held while sealing and while loading a chain',
  async run({ quick, folder, say }) {
    const rounds = quick ? 2 : 5;
    const slotMs = quick ? 100 : 1_500;
    const length = quick ? 3_000 : 100_000;
    await layChain(join(folder, 'laid'), length, (size) => say(`laying a chain of ${count(length)}: ${count(size)}`));
    const real = await openWriter(join(folder, 'real'));
    const hashing = await openWriter(join(folder, 'hashing'), { wrap: forgetful });
    let next = 0;
    const fresh = (events) => Array.from({ length: events }, () => observation((next += 1)));
    const requests = () => fresh(BATCH).map((one) => sealRequest([one]));
    const all = (open) => (made) => Promise.all(made.map((one) => open.writer.seal(one)));
    const works = [
      { name: 'nothing at all', work: () => delay(20) },
      { name: `hashing: ${BATCH} requests, stored nowhere`, make: requests, work: all(hashing) },
      {
        name: `hashing: a part of ${PART_EVENTS} events, stored nowhere`,
        make: () => [sealRequest(fresh(PART_EVENTS))],
        work: all(hashing),
      },
      { name: `sealing: ${BATCH} requests, in SQLite with its fsync`, make: requests, work: all(real) },
      { name: `loading a chain of ${count(length)} without an index`, work: () => load(folder) },
    ];
    const raw = [];
    for (let round = 0; round <= rounds; round += 1) {
      for (const one of works) {
        say(`round ${round} of ${rounds}: ${one.name}`);
        const calibration = calibrate(folder, quick ? 20 : 60);
        const held = await watch(slotMs, one);
        if (round > 0) raw.push({ round, name: one.name, ...held, ...calibration });
      }
    }
    await real.close();
    await hashing.close();
    return report(
      works.map(({ name }) => name),
      raw,
    );
  },
};

/**
 * What is worked on is made beforehand, while nobody looks. `held`: for each piece of work, the most processor time between two turns of the
 * event loop; unlike the delay of a timer it says nothing of who else uses this machine.
 */
async function watch(slotMs, { make = () => null, work }) {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  const end = performance.now() + slotMs;
  const held = [];
  do {
    const made = make();
    await delay(5);
    monitor.enable();
    const turns = watchTurns();
    await work(made);
    held.push(turns.end());
    monitor.disable();
  } while (performance.now() < end);
  const [p50, p99, max] = [monitor.percentile(50), monitor.percentile(99), monitor.max].map((ns) => ns / 1e6);
  return { p50, p99, max, held };
}

function watchTurns() {
  let longestMs = 0;
  let watching = true;
  let before = processorMs();
  const turn = () => {
    const now = processorMs();
    longestMs = Math.max(longestMs, now - before);
    before = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    end: () => {
      watching = false;
      turn();
      return longestMs;
    },
  };
}

/** Of this thread alone: SQLite and hashing run in it. */
function processorMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Stores that answer at once and keep the newest only: what is left is the writer's own work. */
function forgetful() {
  const revisions = new Map();
  const appendTogether = async (appends) => {
    for (const { stream, expectedRevision, events } of appends) revisions.set(stream, expectedRevision + events.length);
  };
  const ledger = { appendTogether, read: async () => [], lastRevision: async (stream) => revisions.get(stream) ?? -1 };
  return { ledger, checkpoints: { read: async () => null, swap: async () => true } };
}

async function load(folder) {
  // Every record is read, checked and indexed again.
  rmSync(join(folder, 'laid', 'index'), { recursive: true });
  const open = await openWriter(join(folder, 'laid'));
  await open.writer.open();
  await open.close();
}

function report(names, raw) {
  const of = (name, field) => raw.filter((one) => one.name === name).flatMap((one) => one[field]);
  const hashing = names.filter((name) => name.startsWith('hashing'));
  // The system counts processor time in steps of some milliseconds, which the first row shows.
  const idle = median(of(names[0], 'held'));
  const held = Math.max(0, ...hashing.map((name) => median(of(name, 'held')) - idle));
  return {
    columns: ['while', 'held, median', 'of all', 'timer late, median', 'p99', 'longest'],
    rows: names.map((name) => [
      name,
      ms(median(of(name, 'held'))),
      within(spread(of(name, 'held')), ms),
      ms(median(of(name, 'p50'))),
      ms(median(of(name, 'p99'))),
      ms(median(of(name, 'max'))),
    ]),
    calibration: calibrationOf(raw),
    notes: [
      'held: the most processor time between two turns of the event loop, of each batch, part or load',
      'timer late: how long a timer of 1 ms waited (monitorEventLoopDelay): whoever else uses this machine is in it',
    ],
    marks: [
      {
        what: 'hashing holds the event loop longer than nothing at all does, by',
        wanted: `≤ ${ms(MARK_MS)}`,
        found: ms(held),
        reached: held <= MARK_MS,
      },
    ],
    raw: { rounds: raw },
  };
}
