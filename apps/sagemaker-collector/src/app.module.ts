import { createHash } from 'node:crypto';
import { LEDGER_WRITERS, partitionOf, type PollRequest, type TestReply, type TestRequest } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus, JetStreamServer, PassthroughFilter } from '@audital/messaging';
import { NestLogger, type RunningService, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AwsAccounts, externalIdsIn } from './adapters/aws-accounts';
import { CollectorController, POLL, TEST } from './adapters/collector.controller';
import type { CollectorConfig } from './config';
import { testIntegration } from './doctor';
import { pollAccount } from './poll';

@Module({})
export class AppModule {
  static with(
    poll: (request: PollRequest) => Promise<void>,
    test: (request: TestRequest) => Promise<TestReply>,
  ): DynamicModule {
    const providers = [
      { provide: POLL, useValue: poll },
      { provide: TEST, useValue: test },
    ];
    return { module: AppModule, controllers: [CollectorController], providers };
  }
}

export async function start({ config, log, health }: ServiceParts<CollectorConfig>): Promise<RunningService> {
  const ledger = await openLedger(config.LEDGER_URL, {
    writes: LEDGER_WRITERS['sagemaker-collector'],
    connectionName: 'sagemaker-collector',
  });
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'sagemaker-collector',
  });
  health.check('nats', () => (bus.connected() ? null : 'NATS is away; it is tried again'));
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  const accounts = new AwsAccounts(config.SPEED, externalIdsIn(ledger));
  const now = (): Date => new Date();
  const partition = (organisationId: string): number =>
    partitionOf(createHash('sha256').update(organisationId).digest(), config.PARTITIONS);
  const poll = pollAccount({ ledger, bus, accounts, log, partitionOf: partition, now });
  const strategy = new JetStreamServer(bus, {
    name: 'sagemaker-collector',
    log,
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS'],
  });
  const app = await NestFactory.createMicroservice(AppModule.with(poll, testIntegration(now)), {
    strategy,
    logger: new NestLogger(log),
  });
  app.useGlobalFilters(new PassthroughFilter());
  await app.listen();
  return {
    stop: async () => {
      await app.close();
      accounts.close();
      await bus.close();
      watch.stop();
      await ledger.close();
    },
  };
}
