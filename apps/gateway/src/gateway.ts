import { createHmac } from 'node:crypto';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import {
  type Integration,
  type IntegrationEvent,
  evolveIntegration,
  evolveOrganisation,
  type ChainStoppedNotice,
  ledgerStreams,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
  StoppedChains,
  subjects,
} from '@audital/contracts';
import { type Ledger, StoredEvents } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import { type AppendEvent, appendEvent } from './adapters/append-event';
import { type AskVerifier, askVerifier } from './adapters/ask-verifier';
import { Authenticator } from './adapters/authenticator';
import { CategoryView } from './adapters/category-view';
import { ChainFollower } from './adapters/chain-follower';
import { ChainIndex } from './adapters/chain-index';
import { ChainInspector } from './adapters/chain-inspector';
import { Coverage } from './adapters/coverage';
import { EventPages } from './adapters/event-pages';
import { EventReader } from './adapters/event-reader';
import { EventStream } from './adapters/event-stream';
import { firstVkey } from './adapters/first-vkey';
import { keyChanges } from './adapters/key-changes';
import { openIndexDatabase } from './adapters/index-database';
import { Integrations } from './adapters/integrations';
import type { Log } from './adapters/log';
import { Organisations } from './adapters/organisations';
import { Pins } from './adapters/pins';
import { PollBoard } from './adapters/poll-board';
import type { GatewaySettings } from './adapters/settings';
import { TrustKeeper } from './adapters/trust-keeper';
import { originOf } from './domain/origin';

export interface GatewayPorts {
  ledger: Ledger;
  bus: Bus;
  log: Log;
  /** Counts stored events that did not verify. */
  onFailed: () => void;
}

export interface GatewayOptions {
  pepper: string;
  indexDir: string;
  pinsDir: string;
  logOrigin: string;
  partitions: number;
  collectorPrincipalArn: string | null;
  now: () => Date;
}

/** Everything behind the routes, wired once. */
export class Gateway {
  readonly settings: GatewaySettings;
  readonly index: ChainIndex;
  private readonly follower: ChainFollower;
  readonly stored: StoredEvents;
  readonly trust: TrustKeeper;
  readonly reader: EventReader;
  readonly pages: EventPages;
  readonly stream: EventStream;
  readonly inspector: ChainInspector;
  readonly authenticator: Authenticator;
  readonly integrations: Integrations;
  readonly organisations: Organisations;
  readonly coverage: Coverage;
  readonly append: AppendEvent;
  readonly askVerifier: AskVerifier;
  readonly stopping = new AbortController();
  private readonly stoppedChains = new StoppedChains();
  private readonly pins: Pins;
  private readonly organisationView: CategoryView<Organisation, OrganisationEvent>;
  private readonly integrationView: CategoryView<Integration, IntegrationEvent>;
  private readonly polls: PollBoard;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ports: GatewayPorts,
    o: GatewayOptions,
  ) {
    const { ledger, bus, log, onFailed } = ports;
    const { now, logOrigin } = o;
    const origin = (id: OrganisationId): string => originOf(logOrigin, id);
    const cursorSecret = createHmac('sha256', o.pepper).update('audital/gateway/cursors').digest();
    this.settings = {
      cursorSecret,
      logOrigin,
      partitions: o.partitions,
      collectorPrincipalArn: o.collectorPrincipalArn,
      now,
    };
    this.pins = Pins.open(o.pinsDir);
    this.stored = new StoredEvents(ledger);
    this.index = new ChainIndex(openIndexDatabase(o.indexDir, log), sha256);
    this.follower = new ChainFollower({ ledger, index: this.index, sha256, log });
    const keys = {
      verify: verifyEd25519,
      firstVkey: (id: OrganisationId) => firstVkey(this.stored, sha256, id),
      keyChanges: (id: OrganisationId, from: number) => keyChanges(this.stored, this.index, id, from),
    };
    this.trust = new TrustKeeper({
      ledger,
      index: this.index,
      follower: this.follower,
      pins: this.pins,
      sha256,
      originOf: origin,
      now,
      log,
      ...keys,
    });
    this.reader = new EventReader({
      stored: this.stored,
      index: this.index,
      trust: this.trust,
      sha256,
      originOf: origin,
      now,
      onFailed,
      log,
    });
    this.stream = new EventStream({ index: this.index, reader: this.reader, trust: this.trust });
    this.pages = new EventPages({ index: this.index, reader: this.reader, cursorSecret });
    this.inspector = new ChainInspector({
      ledger,
      stored: this.stored,
      index: this.index,
      trust: this.trust,
      sha256,
      now,
    });
    const learn = (organisation: Organisation): void => this.authenticator.learn(organisation);
    this.organisationView = new CategoryView({
      ledger,
      category: 'organisation-',
      evolve: evolveOrganisation,
      onChange: learn,
      log,
    });
    this.integrationView = new CategoryView({ ledger, category: 'integration-', evolve: evolveIntegration, log });
    this.authenticator = new Authenticator(this.organisationView, o.pepper);
    this.polls = new PollBoard(bus);
    const organisation = (id: OrganisationId) => this.organisationView.get(ledgerStreams.organisation(id));
    this.integrations = new Integrations({
      ledger,
      bus,
      view: this.integrationView,
      polls: this.polls,
      externalIdOf: (id) => organisation(id)?.externalId ?? null,
      now,
    });
    this.organisations = new Organisations({ bus, view: this.organisationView });
    this.coverage = new Coverage({ index: this.index, reader: this.reader, polls: this.polls, now });
    this.append = appendEvent(bus, o.partitions);
    this.askVerifier = askVerifier(bus);
  }

  /** Begins to follow. What goes wrong there for an unknown reason is for `onFatal`: the process has to be started anew. */
  async start(onFatal: (error: unknown) => void): Promise<void> {
    const { signal } = this.stopping;
    await this.follower.forgetIfForeign();
    const followers = [
      this.organisationView.run(signal),
      this.integrationView.run(signal),
      this.follower.run(signal),
      this.trust.run(signal),
      this.polls.run(signal),
    ];
    for (const follower of followers) follower.catch(onFatal);
    const unlisten = this.ports.bus.listen(subjects.chainStopped(), (body) => {
      const notice = body as ChainStoppedNotice;
      if (notice?.v === 1) this.stoppedChains.heard(notice, this.settings.now().getTime());
    });
    signal.addEventListener('abort', unlisten, { once: true });
    this.running = Promise.allSettled(followers);
  }

  /** What has not been read yet; the broker being away does not keep anybody from reading. */
  checks(): Record<string, () => string | null> {
    const reading = (what: string, caughtUp: boolean): string | null =>
      caughtUp ? null : `The gateway is still reading ${what} from the ledger.`;
    return {
      organisations: () => reading('the organisations', this.organisationView.caughtUp),
      integrations: () => reading('the integrations', this.integrationView.caughtUp),
      events: () => reading('the chains', this.follower.caughtUp),
      checkpoints: () => reading('the checkpoints', this.trust.caughtUp),
    };
  }

  /** Why the chain-writer takes nothing more for this organisation, or null (DESIGN §8.8). */
  readonly stopReason = (organisationId: OrganisationId): string | null =>
    this.stoppedChains.reason(organisationId, this.settings.now().getTime());

  get brokerConnected(): boolean {
    return this.ports.bus.connected();
  }

  /** Ends the followers and long answers, then closes the gateway's own stores; ledger and bus are the caller's. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.index.close();
    this.pins.close();
  }
}
