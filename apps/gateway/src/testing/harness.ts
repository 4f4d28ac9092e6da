import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApiKeyPrefix,
  type IntegrationEvent,
  type IntegrationId,
  ledgerStreams,
  makeApiKey,
  makeId,
  type OrganisationEvent,
  type OrganisationId,
  type Scope,
} from '@audital/contracts';
import { jsonEvent, type Ledger, NO_STREAM, openLedger } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../app.module';
import type { Log } from '../adapters/log';
import { Gateway } from '../gateway';
import { createHttpApp } from '../http/http-app';
import { ChainBuilder } from './chain-builder';

const PEPPER = 'test-pepper-of-more-than-32-characters';
const ALL_SCOPES: Scope[] = [
  'audit:read',
  'audit:write',
  'integrations:read',
  'integrations:write',
  'keys:manage',
  'admin',
];
const AT = '2026-03-02T09:00:00.000Z';
const BY = { type: 'SERVICE' as const, id: 'integration-registry' };

const bytes = (number: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (number * 37 + index * 11) & 255);

export interface LogLine {
  level: string;
  message: string;
}

/** Nothing is put out; what was said is kept, so that a test can ask for it. */
export class MemoryLog implements Log {
  readonly lines: (LogLine & Record<string, unknown>)[] = [];
  info = (fields: object, message: string): void => void this.lines.push({ ...fields, level: 'info', message });
  warn = (fields: object, message: string): void => void this.lines.push({ ...fields, level: 'warn', message });
  error = (fields: object, message: string): void => void this.lines.push({ ...fields, level: 'error', message });
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into answers as a client would: by name.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A gateway with its HTTP server on a free port, over a real SQLite ledger that the test writes as the other services would. */
export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), 'audital-gateway-'));
  readonly ledgerFile = join(this.folder, 'ledger.sqlite');
  readonly log = new MemoryLog();
  ledger!: Ledger;
  gateway!: Gateway;
  url = '';
  private app!: NestExpressApplication;
  private reading!: Ledger;
  private organisations = 0;

  private constructor(private readonly bus: Bus) {}

  static async start(bus: Bus): Promise<Harness> {
    const harness = new Harness(bus);
    harness.ledger = await openLedger(`sqlite:${harness.ledgerFile}`, {
      writes: ['organisation-', 'integration-', 'chain-', 'payload-', 'checkpoint-'],
    });
    await harness.open();
    return harness;
  }

  /** As after a crash of the gateway: everything in memory is gone. */
  async restart(o: { betweenwhiles?: () => void | Promise<void>; forgetIndex?: boolean } = {}): Promise<void> {
    await this.close();
    await o.betweenwhiles?.();
    if (o.forgetIndex) rmSync(join(this.folder, 'index'), { recursive: true, force: true });
    await this.open();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.ledger.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A live organisation with its sandbox, and a key with all scopes. */
  async organisation(): Promise<{ id: OrganisationId; sandboxId: OrganisationId; key: string; externalId: string }> {
    this.organisations += 1;
    const number = this.organisations * 2;
    const id = makeId('org', 1_700_000_000_000, bytes(number, 10));
    const sandboxId = makeId('org', 1_700_000_000_000, bytes(number + 1, 10));
    const externalId = `aud_ext_${String(number).padStart(20, '0')}`;
    const base = { at: AT, by: BY, name: `Organisation ${number}` };
    await this.write(ledgerStreams.organisation(sandboxId), [
      { type: 'OrganisationCreated', data: { ...base, organisationId: sandboxId, kind: 'SANDBOX', siblingId: id } },
      {
        type: 'ExternalIdIssued',
        data: { at: AT, by: BY, externalId: `aud_ext_${String(number + 1).padStart(20, '0')}` },
      },
    ]);
    await this.write(ledgerStreams.organisation(id), [
      { type: 'OrganisationCreated', data: { ...base, organisationId: id, kind: 'LIVE', siblingId: sandboxId } },
      { type: 'ExternalIdIssued', data: { at: AT, by: BY, externalId } },
    ]);
    return { id, sandboxId, externalId, key: await this.key(id) };
  }

  async key(organisationId: OrganisationId, o: { prefix?: ApiKeyPrefix; scopes?: Scope[] } = {}): Promise<string> {
    const { prefix = 'ak_live_', scopes = ALL_SCOPES } = o;
    const key = unissuedKey(prefix);
    const hmac = createHmac('sha256', PEPPER).update(key).digest('hex');
    await this.write(ledgerStreams.organisation(organisationId), [
      {
        type: 'ApiKeyCreated',
        data: { at: AT, by: BY, keyId: keyIdOf(key), label: 'test', prefix, last4: key.slice(-4), hmac, scopes },
      },
    ]);
    return key;
  }

  async revoke(organisationId: OrganisationId, key: string): Promise<void> {
    await this.write(ledgerStreams.organisation(organisationId), [
      { type: 'ApiKeyRevoked', data: { at: AT, by: BY, keyId: keyIdOf(key) } },
    ]);
  }

  async write(stream: string, events: (OrganisationEvent | IntegrationEvent)[]): Promise<void> {
    const revision = await this.ledger.lastRevision(stream);
    await this.ledger.append(
      stream,
      revision === NO_STREAM ? NO_STREAM : revision,
      events.map(({ type, data }) => jsonEvent(type, data)),
    );
  }

  async integration(organisationId: OrganisationId, number: number, externalId: string): Promise<IntegrationId> {
    const integrationId = makeId('int', 1_700_000_000_000 + number, bytes(number, 10));
    const target = {
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
      externalId,
    };
    await this.write(ledgerStreams.integration(integrationId), [
      {
        type: 'IntegrationRegistered',
        data: { at: AT, by: BY, integrationId, organisationId, target, settings: settings() },
      },
      { type: 'IntegrationActivated', data: { at: AT, by: BY, rows: [] } },
    ]);
    return integrationId;
  }

  chain(organisationId: OrganisationId): ChainBuilder {
    return new ChainBuilder(this.ledger, organisationId);
  }

  async call(
    method: string,
    path: string,
    o: { key?: string | null; body?: unknown; raw?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { ...o.headers };
    if (o.key) headers['authorization'] = `Bearer ${o.key}`;
    const text = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
    if (text !== undefined) headers['content-type'] ??= 'application/json';
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    const isJson =
      /json/.test(response.headers.get('content-type') ?? '') &&
      !/ndjson/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text: answer,
      body: isJson && answer !== '' ? JSON.parse(answer) : null,
    };
  }

  private async open(): Promise<void> {
    this.reading = await openLedger(`sqlite:${this.ledgerFile}`, { writes: [] });
    const options = {
      pepper: PEPPER,
      indexDir: join(this.folder, 'index'),
      pinsDir: join(this.folder, 'pins'),
      logOrigin: 'audital.local',
      partitions: 1,
      collectorPrincipalArn: null,
      now: () => new Date(),
    };
    this.gateway = new Gateway(
      { ledger: this.reading, bus: this.bus, log: this.log, onFailed: () => undefined },
      options,
    );
    const report = (): { ready: boolean; checks: Record<string, string> } => {
      const results = Object.entries(this.gateway.checks()).map(([name, check]) => [name, check() ?? 'ok'] as const);
      return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
    };
    const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
    this.app = await createHttpApp({
      module: AppModule.with(this.gateway, report),
      authenticator: this.gateway.authenticator,
      log: this.log,
      nestLogger: silent,
      now: options.now,
    });
    await this.gateway.start((error) => this.log.error({ error }, 'fatal'));
    await this.app.listen(0, '127.0.0.1');
    this.url = (await this.app.getUrl()).replace('[::1]', '127.0.0.1');
  }

  private async close(): Promise<void> {
    const stopped = this.gateway.stop();
    await this.app.close();
    await stopped;
    await this.reading.close();
  }
}

let keys = 0;

/** Well formed, and known to nobody. */
export function unissuedKey(prefix: ApiKeyPrefix = 'ak_live_'): string {
  keys += 1;
  return makeApiKey(prefix, bytes(keys, 32));
}

const keyIdOf = (key: string): string =>
  makeId('key', 1_700_000_000_000, createHmac('sha256', 'id').update(key).digest().subarray(0, 10));

export const settings = () => ({
  name: null,
  environment: null,
  syncInterval: 60,
  filters: { namePrefix: 'credit-scorer', tags: { Environment: 'production' } },
  captureMetrics: true,
  captureHyperparameters: true,
  captureTrainingStarted: false,
  backfillDays: 0,
  modelIdentity: { tag: null },
});
