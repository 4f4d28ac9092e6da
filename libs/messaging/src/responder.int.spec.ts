import { Rejected, Unavailable } from '@audital/contracts';
import { answering, numbers, TransportBench } from './transport-bench.spec-suite';

const bench = TransportBench.use();

describe('@MessagePattern', () => {
  const subject = 'ask.chain.0.append';

  async function ask<T>(handle: (body: never) => unknown, body: unknown = {}): Promise<T> {
    await bench.serve(answering(subject, handle));
    const gateway = await bench.nats.connect('gateway');
    return gateway.ask<T>(subject, body, { timeoutMs: 2_000 });
  }

  it('answers what the handler returns', async () => {
    await expect(ask((body: { n: number }) => ({ doubled: 2 * body.n }) as never, { n: 21 })).resolves.toEqual({
      doubled: 42,
    });
  });

  it('answers null for nothing', async () => {
    await expect(ask(() => undefined)).resolves.toBeNull();
  });

  it('carries a refusal over, with code and problems', async () => {
    const problems = [{ pointer: '/tags/0', code: 'EMPTY', message: 'A tag is empty.' }];
    const asking = ask(() => Promise.reject(new Rejected('EVENT_INVALID', 'The event was not sealed.', problems)));
    await expect(asking).rejects.toMatchObject({ name: 'Rejected', code: 'EVENT_INVALID', problems });
  });

  it('carries Unavailable over, with the dependency', async () => {
    const asking = ask(() => {
      throw new Unavailable('ledger', 'The ledger is busy.');
    });
    await expect(asking).rejects.toMatchObject({ name: 'Unavailable', dependency: 'ledger' });
    await expect(asking).rejects.toThrow('The ledger is busy.');
  });

  it('says nothing of an error that it does not know, except to its log', async () => {
    const service = await bench.serve(
      answering(subject, () => {
        throw new Error('password=hunter2');
      }),
    );
    const gateway = await bench.nats.connect('gateway');
    const asking = gateway.ask(subject, {});
    await expect(asking).rejects.toMatchObject({ name: 'Unavailable', dependency: 'service' });
    await expect(asking).rejects.not.toThrow('hunter2');
    expect(service.log).toEqual(['a request failed: password=hunter2']);
  });

  it('shares requests between replicas, and answers the ones in hand when it stops', async () => {
    const counts = { one: 0, two: 0 };
    const handle = (name: 'one' | 'two') => async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return (counts[name] += 1);
    };
    const one = await bench.serve(answering(subject, handle('one')));
    await bench.serve(answering(subject, handle('two')));
    const gateway = await bench.nats.connect('gateway');
    const askAll = (): Promise<unknown> => Promise.all(numbers(100).map(() => gateway.ask(subject, {})));
    await askAll();
    expect(Math.min(counts.one, counts.two)).toBeGreaterThan(10);
    const asking = askAll();
    await gateway.connection.flush();
    await one.close();
    await asking;
    expect(counts.one + counts.two).toBe(200);
    await expect(gateway.ask(subject, {})).resolves.toBeGreaterThan(0);
  });
});
