import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CreateOrganisationReply, RunInfo } from '@audital/contracts';
import { Api, isPassing } from './api';
import { openDataFolder, writeDurably } from './data-folder';
import { eventLine } from './event-line';
import { checkLedgerFolder } from './ledger-files';
import { natsProcess, waitForPort } from './nats-process';
import type { Options } from './options';
import { createOrganisation } from './organisation';
import { freePort, freePorts } from './ports';
import { openSecrets } from './secrets';
import { baseEnv, DRAIN_ORDER, type Plan, SERVICES, serviceSpec, simulatorSpec } from './services';
import { SimulatorClient } from './simulator-client';
import { isComplete, playStory, table, unexpected } from './story-check';
import { Supervisor } from './supervisor';
import { until } from './wait';

const INSTALLATION = resolve(__dirname, '..', '..', '..');
const START_LIMIT_MS = 60_000;

/** One run of `npm start`: everything is started, an organisation stands, and its events are told until Ctrl-C, or until the check ends. */
export class Launcher {
  private supervisor: Supervisor;
  private plan: Plan;
  private organisation: CreateOrganisationReply | null = null;
  private stopping: Promise<void> | null = null;
  private stoppingSinceMs = 0;
  private readonly ended: Promise<number>;
  private end: (code: number) => void = () => undefined;

  constructor(
    private readonly options: Options,
    private readonly env: Record<string, string | undefined>,
  ) {
    this.ended = new Promise((settle) => {
      this.end = settle;
    });
  }

  async run(): Promise<number> {
    const startedAt = Date.now();
    const root = this.options.dataFolder ?? mkdtempSync(join(tmpdir(), 'audital-check-'));
    this.plan = await this.makePlan(root);
    this.supervisor = new Supervisor({
      logsFolder: this.plan.folder.logs,
      say: (line) => this.say(line),
      onPids: () => this.writeRunInfo(),
      onGivenUp: (name, lastError) => {
        this.say(`${name} died five times in a minute, so Audital stops. Its last error: ${lastError}`);
        this.supervisor.killAll();
        this.end(1);
      },
    });
    this.stopOnSignals();
    const work = this.work(startedAt).catch((error: unknown) => {
      if (this.stopping === null) {
        this.say((error as Error).message);
        this.end(1);
      }
    });
    const code = await this.ended;
    // What was interrupted or failed may still be waiting for an answer that will not come.
    if (this.stopping === null && code === 0) await work;
    await (this.stopping ?? this.drain());
    this.leave(root, code);
    return code;
  }

  private async makePlan(root: string): Promise<Plan> {
    if (this.options.ledger && 'folder' in this.options.ledger) checkLedgerFolder(this.options.ledger.folder);
    const gateway = await freePort(this.options.port);
    const folder = openDataFolder(root, { fresh: this.options.fresh });
    const secrets = openSecrets(folder.secrets);
    const [nats, simulator, ...health] = (await freePorts(2 + SERVICES.length, gateway)) as [
      number,
      number,
      ...number[],
    ];
    return {
      installation: INSTALLATION,
      folder,
      secrets,
      ports: {
        gateway,
        simulator,
        health: Object.fromEntries(SERVICES.map((name, index) => [name, health[index] as number])),
      },
      nats: this.options.natsUrl
        ? { url: this.options.natsUrl, ownUsers: false }
        : { url: `nats://127.0.0.1:${nats}`, ownUsers: true },
      ledger: this.options.ledger ?? { url: `sqlite:${join(folder.ledger, 'ledger.sqlite')}` },
      speed: this.options.speed,
      simulated: !this.options.aws,
      env: this.env,
    };
  }

  private async work(startedAt: number): Promise<void> {
    const { plan } = this;
    this.say(`data in ${plan.folder.root}, logs in ${plan.folder.logs}`);
    if (plan.nats.ownUsers) await this.startNats();
    for (const name of SERVICES) this.supervisor.start(serviceSpec(name, plan));
    this.organisation = await this.createOrganisation();
    if (plan.simulated) {
      const { externalId } = this.organisation;
      this.supervisor.start(simulatorSpec(plan, { externalId, manual: this.options.check }));
    }
    const api = new Api(`http://127.0.0.1:${plan.ports.gateway}`, plan.secrets.firstKey);
    await until(() => api.eventsAfter(Number.MAX_SAFE_INTEGER), {
      deadlineMs: START_LIMIT_MS,
      everyMs: 50,
      passing: () => true,
      what: 'An answer of the gateway',
    });
    this.writeRunInfo();
    this.welcome(api, startedAt);
    if (this.options.check) this.end(await this.check(api, startedAt));
    else await this.follow(api);
  }

  private async startNats(): Promise<void> {
    const { plan } = this;
    const port = Number(new URL(plan.nats.url).port);
    const process = await natsProcess({
      port,
      folder: plan.folder.nats,
      passwords: plan.secrets.natsPasswords,
      env: baseEnv(this.env),
    });
    this.supervisor.start(process);
    await waitForPort(port, 'nats-server', 15_000);
  }

  private createOrganisation(): Promise<CreateOrganisationReply> {
    const { plan } = this;
    const user = plan.nats.ownUsers
      ? { user: 'launcher', password: plan.secrets.natsPasswords['launcher'] as string }
      : { user: new URL(plan.nats.url).username, password: new URL(plan.nats.url).password };
    const request = { name: 'Audital on this machine', firstKey: plan.secrets.firstKey };
    return createOrganisation({ url: plan.nats.url, ...user }, request);
  }

  private welcome(api: Api, startedAt: number): void {
    const { plan } = this;
    const lines = [
      `Audital runs after ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`,
      `  HTTP API      ${api.url}/v1   (readable at ${api.url}/docs)`,
      `  API key       ${plan.secrets.firstKey}`,
      `  external id   ${this.organisation?.externalId}`,
      `  organisation  ${this.organisation?.organisationId}`,
      `  events        node examples/subscribe.mjs   or   nats --server "${this.viewerUrl()}" sub 'audit.>'`,
    ];
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }

  private async follow(api: Api): Promise<void> {
    if (!this.options.aws) await this.register(api);
    let position = -1;
    while (this.stopping === null) {
      const told = await this.tell(api, position).catch((error: unknown) => {
        if (!isPassing(error)) throw error;
        return position;
      });
      position = told;
      await new Promise((settle) => setTimeout(settle, 200));
    }
  }

  /** Prints what came after `position`; an event that waits for its checkpoint is printed the next time round. */
  private async tell(api: Api, position: number): Promise<number> {
    let last = position;
    for (const event of await api.eventsAfter(position)) {
      if (event.verification.status === 'pending') break;
      process.stdout.write(`${eventLine(event)}\n`);
      last = event.chainPosition;
    }
    return last;
  }

  /** The registration of the README, and the wait for the doctor's word on it. */
  private async register(api: Api): Promise<string> {
    const externalId = this.organisation?.externalId ?? '';
    const limits = { deadlineMs: START_LIMIT_MS, everyMs: 100, passing: isPassing };
    const { id } = await until(() => api.register(externalId), {
      ...limits,
      what: 'The registration of the simulated account',
    });
    const outcome = await until(
      async () => {
        const integration = await api.integration(id);
        return integration.status === 'PENDING' ? null : integration;
      },
      { ...limits, what: `The test of ${id}` },
    );
    if (outcome.status !== 'ACTIVE')
      throw new Error(`${id} is ${outcome.status}: ${outcome.test?.reason?.message ?? 'no reason given'}`);
    return id;
  }

  private async check(api: Api, startedAt: number): Promise<number> {
    const integrationId = await this.register(api);
    const simulator = new SimulatorClient(this.simulatorUrl() as string);
    const rows = await playStory({ api, simulator, integrationId, say: (line) => this.say(line) });
    const events = await until(() => api.eventsAfter(-1), {
      deadlineMs: 30_000,
      everyMs: 100,
      passing: isPassing,
      what: 'The list of events',
    });
    const strangers = unexpected(rows, events);
    const chain = await until(() => api.chainStatus(), {
      deadlineMs: 60_000,
      everyMs: 200,
      passing: isPassing,
      what: 'The status of the chain',
    });
    process.stdout.write(`\n${table(rows)}\n\n`);
    for (const event of strangers) process.stdout.write(`NOT EXPECTED  ${eventLine(event)}\n`);
    const passed = isComplete(rows) && strangers.length === 0 && chain.valid;
    const found = rows.filter((row) => row.found.length === 1 && row.found[0]?.verified).length;
    const word = passed ? 'CHECK PASSED' : 'CHECK FAILED';
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(
      `${word}: ${found} of ${rows.length} expected events found once and verified, ${strangers.length} not expected, chain of ${chain.totalEvents} events ${chain.valid ? 'valid' : 'NOT VALID'}, ${seconds} s\n`,
    );
    return passed ? 0 : 1;
  }

  private simulatorUrl(): string | null {
    return this.plan.simulated ? `http://127.0.0.1:${this.plan.ports.simulator}` : null;
  }

  private viewerUrl(): string {
    const { plan } = this;
    if (!plan.nats.ownUsers) return plan.nats.url;
    return plan.nats.url.replace('nats://', `nats://viewer:${plan.secrets.natsPasswords['viewer']}@`);
  }

  /** Not before the gateway answers; from then on at every start of a service. */
  private writeRunInfo(): void {
    if (this.organisation === null || this.stopping !== null) return;
    const info: RunInfo = {
      gateway: `http://127.0.0.1:${this.plan.ports.gateway}`,
      nats: this.viewerUrl(),
      simulator: this.simulatorUrl(),
      organisationId: this.organisation.organisationId,
      externalId: this.organisation.externalId,
      apiKey: this.plan.secrets.firstKey,
      pids: { launcher: process.pid, ...this.supervisor.pids() },
    };
    writeDurably(join(this.plan.folder.root, 'run.json'), `${JSON.stringify(info, null, 2)}\n`);
  }

  private stopOnSignals(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // One Ctrl-C may arrive twice: from the terminal, and forwarded by npm.
        if (this.stopping !== null && Date.now() - this.stoppingSinceMs < 1_000) return;
        if (this.stopping !== null) {
          this.supervisor.killAll();
          process.exit(1);
        }
        this.say('stopping: what is in hand is finished first (once more to stop at once)');
        this.stoppingSinceMs = Date.now();
        this.stopping = this.drain();
        // A check that was cut short has shown nothing.
        this.end(signal === 'SIGHUP' || this.options.check ? 1 : 0);
      });
    }
  }

  private async drain(): Promise<void> {
    for (const group of DRAIN_ORDER) await this.supervisor.stop([...group]);
  }

  private leave(root: string, code: number): void {
    rmSync(join(root, 'run.json'), { force: true });
    if (this.options.dataFolder !== null) return;
    if (code === 0) rmSync(root, { recursive: true, force: true });
    else this.say(`the data folder is kept for a look: ${root}`);
  }

  private say(line: string): void {
    process.stderr.write(`audital: ${line}\n`);
  }
}
