import { LEDGER_WRITERS } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus, JetStreamServer, PassthroughFilter } from '@audital/messaging';
import { NestLogger, readSecretFile, type RunningService, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openCheckpointStore } from './adapters/checkpoint-store';
import { IdentityIndex } from './adapters/identity-index';
import { sealController, WRITER } from './adapters/seal.controller';
import type { ChainWriterConfig } from './config';
import { Writer } from './writer';

@Module({})
export class AppModule {
  static with(writer: Writer, partition: number): DynamicModule {
    return {
      module: AppModule,
      controllers: [sealController(partition)],
      providers: [{ provide: WRITER, useValue: writer }],
    };
  }
}

const ROLLBACK_PATIENCE_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

export async function start({ config, log, health }: ServiceParts<ChainWriterConfig>): Promise<RunningService> {
  const ledger = await openLedger(config.LEDGER_URL, {
    writes: LEDGER_WRITERS['chain-writer'],
    connectionName: 'chain-writer',
    appendThread: true,
  });
  const checkpoints = openCheckpointStore(config.CHECKPOINT_STORE_URL);
  const index = new IdentityIndex(config.INDEX_DIR, (reason) =>
    log.warn({ reason }, 'the index of identities cannot be written; what is not written yet is kept in memory'),
  );
  const masterSecret = Buffer.from(readSecretFile(config.MASTER_SECRET_FILE, 'The master secret'), 'utf8');
  const auditRetentionMs = config.AUDIT_RETENTION_DAYS * DAY_MS;
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'chain-writer',
    streams: { auditMaxAgeMs: auditRetentionMs },
  });
  health.check('nats', () => (bus.connected() ? null : 'NATS is away; it is tried again'));
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  const rollbackPatienceMs = config.LEDGER_URL.startsWith('sqlite:') ? 0 : ROLLBACK_PATIENCE_MS;
  const { LOG_ORIGIN, PARTITION, PARTITIONS, CHECKPOINT_DELAY_MS } = config;
  const settings = {
    logOrigin: LOG_ORIGIN,
    partition: PARTITION,
    partitions: PARTITIONS,
    checkpointDelayMs: CHECKPOINT_DELAY_MS,
    auditRetentionMs,
    now: () => new Date(),
  };
  const writer = new Writer({
    ledger,
    checkpoints,
    index,
    rollbackPatienceMs,
    bus,
    log,
    health,
    masterSecret,
    ...settings,
  });
  const strategy = new JetStreamServer(bus, { name: 'chain-writer', log, streams: ['AUDIT', 'WORK_SEAL', 'DEAD'] });
  const app = await NestFactory.createMicroservice(AppModule.with(writer, PARTITION), {
    strategy,
    logger: new NestLogger(log),
  });
  app.useGlobalFilters(new PassthroughFilter());
  await app.listen();
  writer.start();
  return {
    stop: async () => {
      await app.close();
      await writer.close();
      await bus.close();
      await index.close();
      await checkpoints.close();
      watch.stop();
      await ledger.close();
    },
  };
}
