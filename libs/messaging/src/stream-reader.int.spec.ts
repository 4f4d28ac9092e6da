import { STREAMS } from '@audital/contracts';
import { eventually, startNats, type TestNats } from '@audital/testing';
import type { Bus } from './bus';

let nats: TestNats;
let collector: Bus;
let gateway: Bus;
let reading: { ended: AbortController; done: Promise<void> }[] = [];

beforeEach(async () => {
  nats = await startNats();
  [collector, gateway] = await Promise.all([nats.connect('sagemaker-collector'), nats.connect('gateway')]);
});
afterEach(async () => {
  for (const { ended } of reading) ended.abort();
  await Promise.allSettled(reading.map(({ done }) => done));
  reading = [];
  await nats.stop();
});

const publish = (number: number): Promise<unknown> =>
  eventually(() => collector.publish(`notice.poll-ended.int_${number}`, number, { messageId: `poll ${number}` }), {
    what: 'a PubAck',
  });

function read(o: { handle?: (body: unknown) => void } = {}): {
  bodies: unknown[];
  caughtUpAt: number[];
  done: Promise<void>;
} {
  const ended = new AbortController();
  const bodies: unknown[] = [];
  const caughtUpAt: number[] = [];
  const done = gateway.readStream(
    STREAMS.POLLS,
    { subject: 'notice.poll-ended.*', signal: ended.signal, onCaughtUp: () => caughtUpAt.push(bodies.length) },
    (body) => {
      bodies.push(body);
      o.handle?.(body);
    },
  );
  reading.push({ ended, done });
  done.catch(() => undefined);
  return { bodies, caughtUpAt, done };
}

describe('readStream', () => {
  it('replays what the stream holds in order, says when it has caught up, then follows', async () => {
    for (const number of [1, 2, 3]) await publish(number);
    const { bodies, caughtUpAt } = read();
    await eventually(() => caughtUpAt.length === 1, { what: 'catching up' });
    expect(bodies).toEqual([1, 2, 3]);
    await publish(4);
    await eventually(() => bodies.length === 4, { what: 'the fourth' });
    expect(caughtUpAt).toEqual([3]);
  });

  it('has caught up at once with an empty stream, and ends with its signal', async () => {
    const { caughtUpAt, done } = read();
    await eventually(() => caughtUpAt.length === 1, { what: 'catching up' });
    reading[0]?.ended.abort();
    await expect(done).resolves.toBeUndefined();
  });

  it('goes on where it stood when the broker was killed', async () => {
    const { bodies } = read();
    for (const number of [1, 2]) await publish(number);
    await eventually(() => bodies.length === 2, { what: 'the first two' });
    await nats.restart({ wipe: false });
    await publish(3);
    await eventually(() => bodies.length >= 3, { what: 'the third' });
    expect(bodies).toEqual([1, 2, 3]);
  }, 20_000);

  it('begins anew when the broker came back empty, although its sequences are smaller', async () => {
    const { bodies, caughtUpAt } = read();
    for (const number of [1, 2, 3]) await publish(number);
    await eventually(() => bodies.length === 3, { what: 'the first three' });
    await nats.restart({ wipe: true });
    await publish(4);
    await eventually(() => bodies.includes(4), { what: 'the fourth' });
    expect(bodies).toEqual([1, 2, 3, 4]);
    expect(caughtUpAt).toHaveLength(1);
  }, 20_000);

  it('waits for a broker that is away when it begins', async () => {
    await publish(1);
    await nats.kill();
    const { bodies } = read();
    await nats.start();
    await eventually(() => bodies.length === 1, { what: 'the first', deadlineMs: 20_000 });
  }, 30_000);

  it('passes over what is not JSON', async () => {
    await collector.publishBytes('notice.poll-ended.int_0', Buffer.from('{'), { messageId: 'half' });
    await publish(1);
    const { bodies, caughtUpAt } = read();
    await eventually(() => caughtUpAt.length === 1, { what: 'catching up' });
    expect(bodies).toEqual([1]);
  });

  it('rejects when the handler throws: that is no matter of the broker', async () => {
    await publish(1);
    const { done } = read({
      handle: () => {
        throw new TypeError('a bug');
      },
    });
    await expect(done).rejects.toThrow('a bug');
  });
});
