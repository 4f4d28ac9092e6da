import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { calibrate } from './calibration.mjs';
import { contracts, ledgers, ofApp, requireBuilt } from './built.mjs';
import { organisationId } from './sample.mjs';
import { calibrationOf } from './seal.mjs';
import { count, median, ms, ratio, spread, sum, within } from './statistics.mjs';
import { openWriter } from './writer.mjs';

const { AwsAccounts } = ofApp('sagemaker-collector', 'adapters/aws-accounts');
const { pollAccount } = ofApp('sagemaker-collector', 'poll');

const MARK_MS = 10;
const EXPECTED_CALLS = '1 ListEndpoints, 1 ListProcessingJobs, 1 ListTrainingJobs';
const ACCOUNT = '123456789012';
const EXTERNAL_ID = 'aud_ext_0123456789abcdefghij';
/** The budget of a bench, which has no neighbours. */
const SPEED = 200;
const REGIONS = ['eu-west-1', 'eu-west-2', 'us-east-1'];

/** A poll that finds nothing new, after histories of different length: what it asks AWS for, and the collector's processor time. */
export const quietPoll = {
  name: 'quiet-poll',
  about: 'calls and processor time of a poll that finds nothing new, by jobs of history',
  async run({ quick, folder, say, root }) {
    const histories = quick ? [5, 5_000] : [5, 5_000, 500_000];
    const rounds = quick ? 2 : 7;
    const polls = quick ? 3 : 15;
    const simulator = await startSimulator(root, join(folder, 'simulator'));
    const { startNats } = requireBuilt('@audital/testing');
    const nats = await startNats();
    const raw = [];
    try {
      const collector = await startCollector(folder, nats, simulator);
      for (const [index, jobs] of histories.entries()) {
        say(`first poll of ${count(jobs)} jobs`);
        await simulator.addHistory(REGIONS[index], jobs);
        await collector.watch(index, REGIONS[index]);
        await collector.poll(index);
        // Warm, and the first of them may have to settle what ended meanwhile.
        for (let warm = 0; warm < 5; warm += 1) await collector.poll(index);
      }
      for (let round = 1; round <= rounds; round += 1) {
        say(`round ${round} of ${rounds}`);
        const calibration = calibrate(folder, quick ? 20 : 60);
        for (const [index, jobs] of histories.entries())
          for (let poll = 0; poll < polls; poll += 1)
            raw.push({ round, jobs, ...(await collector.poll(index)), ...calibration });
      }
      await collector.close();
    } finally {
      await nats.stop();
      await simulator.stop();
    }
    return report(histories, raw);
  },
};

function report(histories, raw) {
  const of = (jobs) => raw.filter((one) => one.jobs === jobs);
  const callsOf = (jobs) => [...new Set(of(jobs).map(({ calls }) => callsText(calls)))];
  const cpu = (jobs) => spread(of(jobs).map(({ cpuMs }) => cpuMs));
  const growth = ratio(
    Array.from({ length: Math.max(...raw.map(({ round }) => round)) }, (_, index) => index + 1),
    (round) =>
      median(
        of(histories.at(-1))
          .filter((one) => one.round === round)
          .map(({ cpuMs }) => cpuMs),
      ),
    (round) =>
      median(
        of(histories[0])
          .filter((one) => one.round === round)
          .map(({ cpuMs }) => cpuMs),
      ),
  );
  const worst = Math.max(...histories.map((jobs) => cpu(jobs).median));
  const strange = raw.filter(({ calls }) => callsText(calls) !== EXPECTED_CALLS).length;
  return {
    columns: ['jobs of history', 'polls', 'calls', 'CPU', 'of all polls', 'in JSON.stringify of an event'],
    rows: histories.map((jobs) => [
      count(jobs),
      count(of(jobs).length),
      callsOf(jobs).join(' or '),
      ms(cpu(jobs).median),
      within(cpu(jobs), ms),
      count(median(of(jobs).map(({ cpuMs, jsonPerSecond }) => (cpuMs / 1000) * jsonPerSecond))),
    ]),
    calibration: calibrationOf(raw),
    notes: [
      `from ${count(histories[0])} to ${count(histories.at(-1))} jobs: ${growth.median.toFixed(2)} times the processor time`,
    ],
    marks: [
      {
        what: `quiet polls with other calls than ${EXPECTED_CALLS}`,
        wanted: '0',
        found: String(strange),
        reached: strange === 0,
      },
      {
        what: 'processor time of a quiet poll, median',
        wanted: `≤ ${ms(MARK_MS)}`,
        found: ms(worst),
        reached: worst <= MARK_MS,
      },
    ],
    raw: { polls: raw },
  };
}

const callsText = (calls) =>
  Object.entries(calls)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${times} ${name}`)
    .join(', ');

/** The collector's own poll, in this process, over a real broker; what it publishes for the chain is sealed at once. */
async function startCollector(folder, nats, simulator) {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: simulator.url,
    AWS_REGION: 'eu-west-2',
    AWS_ACCESS_KEY_ID: 'AKIASIMULATEDOPERATR',
    AWS_SECRET_ACCESS_KEY: 'not checked',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const chain = await openWriter(folder);
  const registry = await ledgers.openLedger(`sqlite:${join(folder, 'ledger', 'ledger.sqlite')}`, {
    writes: ['integration-'],
  });
  const bus = await nats.connect('sagemaker-collector');
  await bus.ensureStreams(['POLLS']);
  const ended = [];
  const publish = async (subject, body, options) => {
    if (subject.startsWith('work.seal.')) return chain.writer.seal(body);
    ended.push(body);
    return bus.publish(subject, body, options);
  };
  const log = {
    info: () => undefined,
    warn: (fields, text) => ended.push({ text, fields }),
    error: (fields, text) => ended.push({ text, fields }),
  };
  const accounts = new AwsAccounts(SPEED, async () => []);
  const poll = pollAccount({
    ledger: registry,
    bus: { publish },
    accounts,
    log,
    partitionOf: () => 0,
    now: () => new Date(),
  });
  const idOf = (index) => contracts.makeId('int', 1_700_000_000_000 + index, new Uint8Array(10));
  return {
    watch: (index, region) => register(registry, idOf(index), region),
    poll: async (index) => {
      const request = {
        v: 1,
        organisationId: organisationId(),
        awsAccountId: ACCOUNT,
        region: REGIONS[index],
        requestedAt: new Date().toISOString(),
        integrationIds: [idOf(index)],
      };
      const before = process.cpuUsage();
      const startedAt = performance.now();
      await poll(request);
      const { user, system } = process.cpuUsage(before);
      const told = ended.splice(0);
      const end = told.find(({ outcome }) => outcome !== undefined);
      if (end?.outcome !== 'OK') throw new Error(`A poll did not succeed: ${JSON.stringify(told)}`);
      const { calls, observations } = end;
      return { cpuMs: (user + system) / 1000, tookMs: performance.now() - startedAt, calls, observations };
    },
    close: async () => {
      accounts.close();
      await registry.close();
      await chain.close();
    },
  };
}

async function register(ledger, integrationId, region) {
  const happened = { at: new Date().toISOString(), by: { type: 'USER', id: 'bench' } };
  const target = {
    awsAccountId: ACCOUNT,
    region,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/AuditalSageMakerRole`,
    externalId: EXTERNAL_ID,
  };
  const settings = {
    name: null,
    environment: null,
    syncInterval: 60,
    filters: { namePrefix: null, tags: {} },
    captureMetrics: false,
    captureHyperparameters: true,
    captureTrainingStarted: false,
    backfillDays: 0,
    modelIdentity: { tag: null },
  };
  const registered = { ...happened, integrationId, organisationId: organisationId(), target, settings };
  await ledger.append(`integration-${integrationId}`, -1, [
    ledgers.jsonEvent('IntegrationRegistered', registered),
    ledgers.jsonEvent('IntegrationActivated', { ...happened, rows: [] }),
  ]);
}

async function startSimulator(root, dataFolder) {
  const child = spawn(process.execPath, [join(root, 'apps/aws-simulator/dist/main.js')], {
    env: {
      PORT: '0',
      SIMULATOR_DATA_DIR: dataFolder,
      AUDITAL_EXTERNAL_ID: EXTERNAL_ID,
      SEED: 'bench',
      CLOCK_LAG_SECONDS: '0',
      AUDITAL_EXIT_WITH_STDIN: '1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const line = /^\{"listening":.*\n/m.exec(output);
      if (line) resolve(JSON.parse(line[0]).listening);
    });
    exited.then((code) => reject(new Error(`The simulator ended with ${code}.`)));
  });
  const ask = async (path, body) => {
    const answer = await fetch(`${url}/_admin/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  };
  return {
    url,
    /** One every three minutes when there are half a million: a team that trains day and night, for three years. */
    addHistory: async (region, jobs) => {
      const { now } = await ask('clock');
      const from = new Date(Date.parse(now) - 3 * 365 * 24 * 3_600_000).toISOString();
      await ask('commands', {
        commands: [{ type: 'addTrainingJobHistory', region, prefix: 'old', count: jobs, from, to: now }],
      });
    },
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
