import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { contracts, ledgers, requireBuilt } from './built.mjs';
import { calibrate } from './calibration.mjs';
import { observation, organisationId, sealRequest } from './sample.mjs';
import { calibrationOf } from './seal.mjs';
import { count, median, percent, ratio, spread, spreadPercent, within } from './statistics.mjs';

const { NO_STREAM } = ledgers;
/** How many messages wait for the broker's answer at once. */
const WINDOWS = [1, 16, 256];
const DEADLINE_MS = 120_000;
/** No chain-writer serves it: what is published there shows what the broker alone can do. */
const UNSERVED_PARTITION = 9;

/** From publishing to JetStream to the acknowledgement after sealing: a real broker, and the chain-writer as a process of its own. */
export const transport = {
  name: 'transport',
  about: 'messages per second from JetStream through the chain-writer, beside the broker alone',
  async run({ quick, folder, say, root }) {
    const windows = quick ? [256] : WINDOWS;
    const rounds = quick ? 1 : 5;
    const messages = (window) => (quick ? 200 : window === 1 ? 200 : 1_500);
    const { startNats } = requireBuilt('@audital/testing');
    const nats = await startNats();
    const url = `sqlite:${join(folder, 'ledger', 'ledger.sqlite')}`;
    const reading = await ledgers.openLedger(url, { writes: [] });
    const writer = startWriter(root, folder, nats, url);
    const raw = [];
    try {
      const line = await startLine(nats, reading);
      await line.seal(64, 200);
      for (let round = 1; round <= rounds; round += 1) {
        for (const window of windows) {
          say(`round ${round} of ${rounds}: ${window} at once`);
          const calibration = calibrate(folder, quick ? 20 : 60);
          const broker = await line.publishOnly(window, messages(window));
          raw.push({ round, window, broker, ...(await line.seal(window, messages(window))), ...calibration });
        }
      }
    } finally {
      await writer.stop();
      await reading.close();
      await nats.stop();
    }
    return report(windows, raw);
  },
};

function report(windows, raw) {
  const rows = windows.map((window) => ({ window, rounds: raw.filter((one) => one.window === window) }));
  return {
    columns: [
      'published at once',
      'in one batch',
      'sealed and acknowledged/s',
      'published/s',
      'broker alone/s',
      'ratio',
      'of all rounds',
    ],
    rows: rows.map(({ window, rounds }) => {
      const sealed = spread(rounds.map((one) => one.sealed));
      const share = ratio(
        rounds,
        (one) => one.sealed,
        ({ broker }) => broker,
      );
      return [
        count(window),
        median(rounds.map(({ meanBatch }) => meanBatch)).toFixed(1),
        `${count(sealed.median)} ± ${spreadPercent(sealed).toFixed(0)} %`,
        count(median(rounds.map(({ published }) => published))),
        count(median(rounds.map(({ broker }) => broker))),
        percent(share.median),
        within(share, percent),
      ];
    }),
    calibration: calibrationOf(raw),
    notes: [
      'one event in each message; broker alone: the same messages published where nobody takes them',
      'sealed: until the last one has been acknowledged, which is after its fsync',
    ],
    marks: [],
    raw: { rounds: raw },
  };
}

async function startLine(nats, ledger) {
  const bus = await nats.connect('sagemaker-collector');
  await bus.ensureStreams(['WORK_SEAL']);
  let next = 0;
  const publish = async (partition, window, messages) => {
    const subject = contracts.subjects.sealWork(partition, organisationId());
    const requests = Array.from({ length: messages }, () => sealRequest([observation((next += 1))]));
    const first = next;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: window }, async () => {
        for (let request = requests.pop(); request; request = requests.pop())
          await bus.publish(subject, request, { messageId: `bench ${partition} ${first} ${requests.length}` });
      }),
    );
    return startedAt;
  };
  const perSecond = (messages, since) => (messages * 1000) / (performance.now() - since);
  const waiting = async () => {
    const filter = contracts.subjects.sealWork(0, '*');
    const { state } = await bus.manager.streams.info('WORK_SEAL', { subjects_filter: filter });
    return Object.values(state.subjects ?? {}).reduce((sum, messages) => sum + messages, 0);
  };
  return {
    publishOnly: async (window, messages) => perSecond(messages, await publish(UNSERVED_PARTITION, window, messages)),
    seal: async (window, messages) => {
      const stream = contracts.ledgerStreams.chain(organisationId());
      const before = await ledger.lastRevision(stream);
      const since = await publish(0, window, messages);
      const published = perSecond(messages, since);
      const deadline = performance.now() + DEADLINE_MS;
      while ((await waiting()) > 0) {
        if (performance.now() > deadline) throw new Error('The chain-writer did not seal what was published in time.');
        await delay(2);
      }
      const sealed = perSecond(messages, since);
      const added = (await ledger.lastRevision(stream)) - before;
      // The first event of a chain brings LOG_CREATED.
      if (added !== messages + (before === NO_STREAM ? 1 : 0))
        throw new Error(`${messages} messages were acknowledged, and the chain has ${added} events more.`);
      const meanBatch = messages / (await batchesSince(ledger, stream, before + 1));
      return { published, sealed, meanBatch };
    },
  };
}

/** How many appends the records from `first` on came with: each names the first of its own. */
async function batchesSince(ledger, stream, first) {
  const starts = new Set();
  for await (const { metadata } of ledgers.readAll(ledger, stream, first))
    starts.add(contracts.decodeJson(metadata).batchStart);
  return starts.size;
}

function startWriter(root, folder, nats, ledgerUrl) {
  const master = join(folder, 'master');
  writeFileSync(master, Buffer.alloc(32, 7).toString('hex'), { mode: 0o600 });
  const child = spawn(process.execPath, [join(root, 'apps/chain-writer/dist/main.js')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {
      NATS_URL: nats.url,
      NATS_USER: 'chain-writer',
      NATS_PASSWORD: nats.passwords['chain-writer'],
      LEDGER_URL: ledgerUrl,
      MASTER_SECRET_FILE: master,
      CHECKPOINT_STORE_URL: `sqlite:${join(folder, 'checkpoints', 'checkpoints.sqlite')}`,
      INDEX_DIR: join(folder, 'index'),
      HEALTH_PORT: '0',
      PARTITIONS: '1',
      LOG_LEVEL: 'warn',
      AUDITAL_EXIT_WITH_STDIN: '1',
    },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
