import 'reflect-metadata';
import { STREAMS } from '@audital/contracts';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a part of spec files, which may use libs/testing
import { eventually, startNats, type TestNats } from '@audital/testing';
import { Controller, type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Bus } from './bus';
import { type ConsumerExtras, JetStreamContext } from './context';
import { JetStreamServer } from './jetstream-server';
import { PassthroughFilter } from './passthrough.filter';

interface Service {
  bus: Bus;
  log: string[];
  close: () => Promise<void>;
}
export type HandleMessage = (body: never, context: JetStreamContext) => unknown;

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export function answering(subject: string, handle: (body: never) => unknown): Type<unknown> {
  @Controller()
  class Answerer {
    @MessagePattern(subject)
    answer(@Payload() body: never): unknown {
      return handle(body);
    }
  }
  return Answerer;
}

/** A real broker with Nest services on it. Each test has a partition of its own, and with it subjects and a durable of its own. */
export class TransportBench {
  nats: TestNats;
  sender: Bus;
  operator: Bus;
  partition = 100;
  private readonly running: Service[] = [];

  /** To be called once, at the top of a spec file. */
  static use(): TransportBench {
    const bench = new TransportBench();
    beforeAll(() => bench.start());
    beforeEach(() => void (bench.partition += 1));
    afterEach(() => Promise.all(bench.running.splice(0).map(({ close }) => close())));
    afterAll(() => bench.nats.stop());
    return bench;
  }

  get durable(): string {
    return `chain-writer-${this.partition}`;
  }

  private get pattern(): string {
    return `work.seal.${this.partition}.>`;
  }

  consuming(handle: HandleMessage, more: Partial<ConsumerExtras> = {}): Type<unknown> {
    const { durable } = this;
    const extras: ConsumerExtras = { stream: STREAMS.WORK_SEAL, durable, concurrency: 16, ackWaitMs: 30_000, ...more };
    @Controller()
    class Consumer {
      @EventPattern(this.pattern, extras)
      take(@Payload() body: never, @Ctx() context: JetStreamContext): unknown {
        return handle(body, context);
      }
    }
    return Consumer;
  }

  async serve(controller: Type<unknown>, o: { drainLimitMs?: number } = {}): Promise<Service> {
    class App {}
    Module({ controllers: [controller] })(App);
    const bus = await this.nats.connect('chain-writer');
    const log: string[] = [];
    const take = (fields: Record<string, unknown>, message: string): void =>
      void log.push(`${message}: ${fields['reason']}`);
    const retry = { firstMs: 5, maxMs: 40 };
    const strategy = new JetStreamServer(bus, { name: 'chain-writer', log: { warn: take, error: take }, retry, ...o });
    const app: INestMicroservice = await NestFactory.createMicroservice(App, { strategy, logger: false });
    app.useGlobalFilters(new PassthroughFilter());
    await app.listen();
    const service = { bus, log, close: () => app.close() };
    this.running.push(service);
    return service;
  }

  subjectOf(name: string | number): string {
    return `work.seal.${this.partition}.org_${name}`;
  }

  async send(...bodies: unknown[]): Promise<void> {
    await Promise.all(
      bodies.map((body, index) =>
        this.sender.publish(this.subjectOf(index), body, { messageId: `${this.partition} ${JSON.stringify(body)}` }),
      ),
    );
  }

  /** The queue of this test is empty: every message was acknowledged, or is dead. */
  async settled({ bus }: Service): Promise<void> {
    await eventually(
      async () => {
        const { state } = await bus.manager.streams.info(STREAMS.WORK_SEAL, { subjects_filter: this.pattern });
        return Object.keys(state.subjects ?? {}).length === 0;
      },
      { what: 'the end of the queue' },
    );
  }

  private async start(): Promise<void> {
    this.nats = await startNats();
    this.sender = await this.nats.connect('sagemaker-collector');
    this.operator = await this.nats.connect('cli');
  }
}
