import { STREAMS } from '@audital/contracts';
import { eventually } from '@audital/testing';
import { type HandleMessage, numbers, TransportBench } from './transport-bench.spec-suite';

const bench = TransportBench.use();

describe('stopping', () => {
  it('finishes what is in hand, gives back the rest, and loses nothing', async () => {
    const handled: number[] = [];
    const slow = async (body: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      handled.push(body);
    };
    const first = await bench.serve(bench.consuming(slow as HandleMessage));
    await bench.send(...numbers(100));
    await eventually(() => handled.length >= 10, { what: 'a beginning' });
    await first.close();
    expect(handled.length).toBeLessThan(100);
    // Far sooner than ack_wait would give them to anybody.
    const second = await bench.serve(bench.consuming(slow as HandleMessage));
    await bench.settled(second);
    expect(handled.sort((a, b) => a - b)).toEqual(numbers(100));
  });

  it('gives back a batch that was not begun', async () => {
    // Servers before 2.10 give one of the returned messages to nobody: it comes after ack_wait.
    const own = { ackWaitMs: 2_000 };
    const first = await bench.serve(
      bench.consuming(() => undefined, { ...own, batch: { size: 100, maxWaitMs: 60_000 } }),
    );
    await bench.send(1, 2, 3);
    const lent = async (): Promise<number> =>
      (await first.bus.manager.consumers.info(STREAMS.WORK_SEAL, bench.durable)).num_ack_pending;
    await eventually(async () => (await lent()) === 3, { what: 'the delivery' });
    await first.close();
    const handled: unknown[] = [];
    const second = await bench.serve(bench.consuming((body) => handled.push(body), own));
    await bench.settled(second);
    expect([...new Set(handled)].sort()).toEqual([1, 2, 3]);
  });

  it('waits for what is in hand no longer than its limit, and says so', async () => {
    let finish: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => (finish = resolve));
    let begun = 0;
    const service = await bench.serve(
      bench.consuming(async () => ((begun += 1), stuck)),
      { drainLimitMs: 100 },
    );
    await bench.send('stuck');
    await eventually(() => begun === 1, { what: 'the delivery' });
    await service.close();
    expect(service.log).toEqual(['messages were still in hand; they will be delivered again: undefined']);
    finish();
  });
});

describe('a broker that dies', () => {
  it.each([
    ['and keeps its store', false],
    ['and comes back empty', true],
  ])(
    'kill -9 %s: consumers go on, and nothing that was stored is lost',
    async (_, wipe) => {
      const handled = new Set<number>();
      const service = await bench.serve(
        bench.consuming(
          async ({ number }: { number: number }) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            handled.add(number);
          },
          { ackWaitMs: 2_000 },
        ),
      );
      await bench.send(...numbers(50).map((number) => ({ number })));
      await eventually(() => handled.size >= (wipe ? 50 : 10), { what: 'a beginning' });
      await bench.nats.restart({ wipe });
      await eventually(() => bench.sender.connected() && service.bus.connected(), { what: 'the reconnection' });
      const more = numbers(50).map((number) => ({ number: number + 50 }));
      await Promise.all(
        more.map((body) =>
          eventually(
            () =>
              bench.sender.publish(bench.subjectOf('y'), body, { messageId: JSON.stringify([bench.partition, body]) }),
            {
              what: 'a PubAck',
            },
          ),
        ),
      );
      await eventually(() => handled.size === 100, { what: 'every message', deadlineMs: 20_000 });
      await bench.settled(service);
    },
    40_000,
  );
});
