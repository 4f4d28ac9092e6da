import { LEDGER_WRITERS } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus } from '@audital/messaging';
import { NestLogger, readSecretFile, type RunningService, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { GatewayConfig } from './config';
import { Gateway } from './gateway';
import { createHttpApp } from './http/http-app';
import { ROUTES } from './routes';
import type { Readiness } from './routes/health/route';
import {
  APPEND,
  AUTHENTICATOR,
  COVERAGE,
  EVENTS,
  INDEX,
  INSPECTOR,
  INTEGRATIONS,
  ORGANISATIONS,
  PAGES,
  READINESS,
  SETTINGS,
  SHUTDOWN,
  STOP_REASON,
  STORED,
  STREAM,
  TRUST,
  VERIFIER,
} from './tokens';

@Module({})
export class AppModule {
  static with(gateway: Gateway, readiness: Readiness): DynamicModule {
    const values: [symbol, unknown][] = [
      [APPEND, gateway.append],
      [AUTHENTICATOR, gateway.authenticator],
      [COVERAGE, gateway.coverage],
      [EVENTS, gateway.reader],
      [INDEX, gateway.index],
      [INSPECTOR, gateway.inspector],
      [INTEGRATIONS, gateway.integrations],
      [ORGANISATIONS, gateway.organisations],
      [PAGES, gateway.pages],
      [READINESS, readiness],
      [SETTINGS, gateway.settings],
      [SHUTDOWN, gateway.stopping.signal],
      [STOP_REASON, gateway.stopReason],
      [STORED, gateway.stored],
      [STREAM, gateway.stream],
      [TRUST, gateway.trust],
      [VERIFIER, gateway.askVerifier],
    ];
    return {
      module: AppModule,
      controllers: [...ROUTES],
      providers: values.map(([provide, useValue]) => ({ provide, useValue })),
    };
  }
}

export async function start({ config, log, health }: ServiceParts<GatewayConfig>): Promise<RunningService> {
  const pepper = readSecretFile(config.KEY_PEPPER_FILE, 'The key pepper');
  const ledger = await openLedger(config.LEDGER_URL, { writes: LEDGER_WRITERS.gateway, connectionName: 'gateway' });
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'gateway',
  });
  const failed = new Counter({
    name: 'audital_gateway_events_failed_total',
    help: 'Stored events that did not verify when they were read.',
    registers: [health.metrics],
  });
  const { INDEX_DIR, PINS_DIR, LOG_ORIGIN, PARTITIONS, COLLECTOR_PRINCIPAL_ARN } = config;
  const options = {
    pepper,
    indexDir: INDEX_DIR,
    pinsDir: PINS_DIR,
    logOrigin: LOG_ORIGIN,
    partitions: PARTITIONS,
    collectorPrincipalArn: COLLECTOR_PRINCIPAL_ARN,
    now: () => new Date(),
  };
  const gateway = new Gateway({ ledger, bus, log, onFailed: () => failed.inc() }, options);
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  for (const [name, check] of Object.entries(gateway.checks())) health.check(name, check);
  const app = await createHttpApp({
    module: AppModule.with(gateway, () => health.report()),
    authenticator: gateway.authenticator,
    log,
    nestLogger: new NestLogger(log),
    now: options.now,
  });
  await gateway.start((error) => {
    log.fatal({ err: error }, 'the ledger cannot be followed');
    process.exit(1);
  });
  await app.listen(config.PORT, config.HOST);
  log.info({ url: await app.getUrl() }, 'the API answers');
  return {
    stop: async () => {
      // Streams end first: they would keep the server open for as long as somebody reads.
      const stopped = gateway.stop();
      await app.close();
      await stopped;
      await bus.close();
      watch.stop();
      await ledger.close();
    },
  };
}
