import { LEDGER_WRITERS } from '@audital/contracts';
import { LedgerWatch, openLedger } from '@audital/ledger';
import { connectBus, JetStreamServer, PassthroughFilter } from '@audital/messaging';
import { NestLogger, readSecretFile, type RunningService, type ServiceParts } from '@audital/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ORGANISATIONS, REGISTRY, RegistryController } from './adapters/registry.controller';
import type { RegistryConfig } from './config';
import { RegistryFollower } from './follow-registry';
import { Organisations } from './organisations';
import { Registry } from './registry';
import { RegistryView } from './registry-view';

@Module({})
export class AppModule {
  static with(registry: Registry, organisations: Organisations): DynamicModule {
    return {
      module: AppModule,
      controllers: [RegistryController],
      providers: [
        { provide: REGISTRY, useValue: registry },
        { provide: ORGANISATIONS, useValue: organisations },
      ],
    };
  }
}

export async function start({ config, log, health }: ServiceParts<RegistryConfig>): Promise<RunningService> {
  const pepper = readSecretFile(config.KEY_PEPPER_FILE, 'The key pepper');
  const ledger = await openLedger(config.LEDGER_URL, {
    writes: LEDGER_WRITERS['integration-registry'],
    connectionName: 'integration-registry',
  });
  const bus = await connectBus({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    name: 'integration-registry',
  });
  health.check('nats', () => (bus.connected() ? null : 'NATS is away; it is tried again'));
  const watch = new LedgerWatch(ledger, config.LEDGER_URL);
  health.check('ledger', watch.check);
  const view = new RegistryView();
  const ended = new AbortController();
  const now = (): Date => new Date();
  const registry = new Registry({ ledger, bus, view, now });
  const rolesRefusing = registry.rolesRefusing.bind(registry);
  const organisations = new Organisations({ ledger, bus, pepper, now, rolesRefusing });
  const follower = new RegistryFollower({
    ledger,
    bus,
    log,
    registry,
    view,
    partitions: config.PARTITIONS,
    signal: ended.signal,
  });
  const strategy = new JetStreamServer(bus, { name: 'integration-registry', log, streams: ['WORK_SEAL'] });
  const app = await NestFactory.createMicroservice(AppModule.with(registry, organisations), {
    strategy,
    logger: new NestLogger(log),
  });
  app.useGlobalFilters(new PassthroughFilter());
  await app.listen();
  const following = follower.run();
  following.catch((error: unknown) => {
    log.fatal({ err: error }, 'the registry cannot be followed');
    process.exit(1);
  });
  return {
    stop: async () => {
      await app.close();
      ended.abort();
      await following.catch(() => undefined);
      await bus.close();
      watch.stop();
      await ledger.close();
    },
  };
}
