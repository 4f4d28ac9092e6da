import { PassThrough } from 'node:stream';
import { Unavailable } from '@audital/contracts';
import { follow } from './eventstore-follower';
import type { Subscription } from './eventstore-feed';
import type { FollowTarget } from './ledger';

const event = (revision: number) => ({
  event: {
    ...{ streamId: 'chain-a', revision: BigInt(revision), id: `id ${revision}`, type: 'A', isJson: false },
    ...{ data: new Uint8Array(1), metadata: new Uint8Array(0), created: new Date(0) },
    position: { commit: BigInt(revision), prepare: BigInt(revision) },
  },
});

/** A subscription of the client that hands over so many events, and then ends for good as a broken connection ends it. */
function subscription(from: number, count: number): Subscription {
  const stream = new PassThrough({ objectMode: true });
  for (let revision = from; revision < from + count; revision += 1) stream.write(event(revision));
  stream.end();
  return Object.assign(stream, { unsubscribe: async () => undefined });
}

describe('§8.11 a follower of EventStoreDB', () => {
  it('§8.11 subscribes again, after the last event that was handled, whenever the server ends it', async () => {
    const asked: FollowTarget[] = [];
    const server = {
      subscribe: (target: FollowTarget): Subscription => {
        asked.push(target);
        return subscription('stream' in target ? target.afterRevision + 1 : 0, 2);
      },
      explain: () => new Unavailable('ledger', 'away'),
    };
    const seen: number[] = [];
    const ended = new AbortController();
    const handle = ({ revision }: { revision: number }): void => {
      seen.push(revision);
      if (seen.length === 6) ended.abort();
    };
    await follow(server, { stream: 'chain-a', afterRevision: -1 }, handle, { signal: ended.signal });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(asked.map((target) => ('stream' in target ? target.afterRevision : null))).toEqual([-1, 1, 3]);
  });
});
