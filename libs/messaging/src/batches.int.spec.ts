import { Rejected, subjects, Unavailable } from '@audital/contracts';
import { numbers, TransportBench } from './transport-bench.spec-suite';

const bench = TransportBench.use();

describe('batches', () => {
  const batch = { size: 10, maxWaitMs: 20 };

  it('come together, up to their size, and settle together', async () => {
    const sizes: number[] = [];
    const service = await bench.serve(
      bench.consuming(
        (bodies: unknown[], context) => {
          expect(context.messages).toHaveLength(bodies.length);
          sizes.push(bodies.length);
        },
        { batch, concurrency: 40 },
      ),
    );
    await bench.send(...numbers(95));
    await bench.settled(service);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(95);
    expect(Math.max(...sizes)).toBe(10);
    expect(sizes.length).toBeLessThan(40);
  });

  it('settle each member for itself: a failing one does not fail the others', async () => {
    const done: number[] = [];
    const service = await bench.serve(
      bench.consuming(
        (bodies: number[], context) =>
          bodies.map((body, index) => {
            if (body % 10 === 0) return new Rejected('ROUND', `${body} is round.`);
            if (body === 7 && context.messages[index]?.deliveries === 1) return new Unavailable('ledger', 'not yet');
            done.push(body);
            return 'ack';
          }),
        { batch },
      ),
    );
    await bench.send(...numbers(40));
    await bench.settled(service);
    expect(done.sort((a, b) => a - b)).toEqual(numbers(40).filter((body) => body % 10 !== 0));
    for (const round of [0, 10, 20, 30])
      expect(await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(round)))).toMatchObject({
        body: round,
      });
  });

  it('are retried one by one when the handler throws', async () => {
    const done = new Set<number>();
    const service = await bench.serve(
      bench.consuming(
        (bodies: number[]) => {
          if (bodies.includes(13)) throw new Rejected('UNLUCKY', '13 is among them.');
          bodies.forEach((body) => done.add(body));
        },
        { batch },
      ),
    );
    await bench.send(...numbers(30));
    await bench.settled(service);
    expect(done).toEqual(new Set(numbers(30).filter((body) => body !== 13)));
    expect(await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(13)))).toMatchObject({ body: 13 });
  });

  it('count as failed when the answer does not fit', async () => {
    const service = await bench.serve(
      bench.consuming(() => ['ack', 'ack', 'ack'], { batch: { size: 1, maxWaitMs: 0 } }),
    );
    await bench.send('x');
    await bench.settled(service);
    const dead = await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(0)));
    expect(dead?.headers['Audital-Reason']).toMatch(/^failed 5 times: .*'ack' or an Error for each of its 1 messages/);
  });
});
