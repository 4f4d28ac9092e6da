import { LEDGER_WRITERS } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus, JetStreamServer, PassthroughFilter } from '@audital/messaging';
import { NestLogger, type RunningService, type ServiceConfig, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SCHEDULER, SchedulerController } from './adapters/scheduler.controller';
import { Scheduler } from './scheduler';

@Module({})
export class AppModule {
  static with(scheduler: Scheduler): DynamicModule {
    return {
      module: AppModule,
      controllers: [SchedulerController],
      providers: [{ provide: SCHEDULER, useValue: scheduler }],
    };
  }
}

export async function start({ config, log, health }: ServiceParts<ServiceConfig>): Promise<RunningService> {
  const ledger = await openLedger(config.LEDGER_URL, {
    writes: LEDGER_WRITERS['poller-scheduler'],
    connectionName: 'poller-scheduler',
  });
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'poller-scheduler',
  });
  health.check('nats', () => (bus.connected() ? null : 'NATS is away; it is tried again'));
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  const ended = new AbortController();
  const scheduler = new Scheduler({
    ledger,
    bus,
    log,
    speed: config.SPEED,
    partitions: config.PARTITIONS,
    signal: ended.signal,
    now: () => Date.now(),
  });
  const strategy = new JetStreamServer(bus, {
    name: 'poller-scheduler',
    log,
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS'],
  });
  const app = await NestFactory.createMicroservice(AppModule.with(scheduler), {
    strategy,
    logger: new NestLogger(log),
  });
  app.useGlobalFilters(new PassthroughFilter());
  await app.listen();
  const running = scheduler.run();
  running.catch((error: unknown) => {
    log.fatal({ err: error }, 'the integrations cannot be followed');
    process.exit(1);
  });
  return {
    stop: async () => {
      await app.close();
      ended.abort();
      await running.catch(() => undefined);
      await bus.close();
      watch.stop();
      await ledger.close();
    },
  };
}
