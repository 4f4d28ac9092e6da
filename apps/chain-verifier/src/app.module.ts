import { sha256, verifyEd25519 } from '@audital/chain/node';
import { LEDGER_WRITERS } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus, JetStreamServer, PassthroughFilter } from '@audital/messaging';
import { NestLogger, type RunningService, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Memory } from './adapters/memory';
import { reportMetrics } from './adapters/metrics';
import { StoredChain } from './adapters/stored-chain';
import { VERIFIER, VerifierController } from './adapters/verifier.controller';
import { VerifierIndex } from './adapters/verifier-index';
import type { ChainVerifierConfig } from './config';
import { Verifier } from './verifier';

@Module({})
export class AppModule {
  static with(verifier: Verifier): DynamicModule {
    return {
      module: AppModule,
      controllers: [VerifierController],
      providers: [{ provide: VERIFIER, useValue: verifier }],
    };
  }
}

const ROLLBACK_PATIENCE_MS = 60_000;

export async function start({ config, log, health }: ServiceParts<ChainVerifierConfig>): Promise<RunningService> {
  const memory = Memory.open(config.PINS_DIR);
  const index = VerifierIndex.open(config.INDEX_DIR, log);
  const ledger = await openLedger(config.LEDGER_URL, {
    writes: LEDGER_WRITERS['chain-verifier'],
    connectionName: 'chain-verifier',
  });
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'chain-verifier',
  });
  health.check('nats', () => (bus.connected() ? null : 'NATS is away; it is tried again'));
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  const verifier = new Verifier({
    ...{ ledger, memory, index, log, sha256 },
    stored: new StoredChain(ledger),
    verify: verifyEd25519,
    logOrigin: config.LOG_ORIGIN,
    staleAfterMs: config.STALE_AFTER_MINUTES * 60_000,
    intervalMs: config.VERIFY_INTERVAL_SECONDS * 1000,
    pauseMs: config.FULL_PASS_PAUSE_SECONDS * 1000,
    share: config.FULL_PASS_SHARE_PERCENT / 100,
    rollbackPatienceMs: config.LEDGER_URL.startsWith('sqlite:') ? 0 : ROLLBACK_PATIENCE_MS,
    now: () => new Date(),
    onReport: reportMetrics(health.metrics),
  });
  const strategy = new JetStreamServer(bus, { name: 'chain-verifier', log, streams: [] });
  const app = await NestFactory.createMicroservice(AppModule.with(verifier), {
    strategy,
    logger: new NestLogger(log),
  });
  app.useGlobalFilters(new PassthroughFilter());
  await app.listen();
  const ended = new AbortController();
  const running = verifier.run(ended.signal);
  running.catch((error: unknown) => {
    log.fatal({ err: error }, 'the chains cannot be verified');
    process.exit(1);
  });
  return {
    stop: async () => {
      await app.close();
      ended.abort();
      await running.catch(() => undefined);
      await bus.close();
      index.close();
      memory.close();
      watch.stop();
      await ledger.close();
    },
  };
}
