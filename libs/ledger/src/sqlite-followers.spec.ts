import { Corrupt, Unavailable } from '@audital/contracts';
import type { StoredEvent } from './ledger';
import { SqliteFollowers } from './sqlite-followers';

const stored = (revision: number): StoredEvent => ({
  ...{ stream: 'chain-a', revision, position: `${revision}`, id: `id ${revision}`, type: 'A' },
  ...{ data: new Uint8Array(1), metadata: new Uint8Array(0) },
});

let store: SqliteFollowers;
afterEach(() => store.close());

/** A file that fails with each of the errors before it can be read. */
function followersOf(...errors: Error[]): SqliteFollowers {
  const page = (_target: unknown, after: number): StoredEvent[] => {
    const error = errors.shift();
    if (error) throw error;
    return [0, 1].filter((revision) => revision > after).map(stored);
  };
  return new SqliteFollowers({ version: () => 1, page });
}

describe('a follower of a file', () => {
  it('that cannot be read for a while asks again, and hands over everything', async () => {
    const seen: number[] = [];
    const ended = new AbortController();
    store = followersOf(new Unavailable('ledger', 'busy'), new Unavailable('ledger', 'busy'));
    const handle = ({ revision }: StoredEvent): void => void seen.push(revision);
    const onCaughtUp = (): void => ended.abort();
    await store.follow({ stream: 'chain-a', afterRevision: -1 }, handle, { signal: ended.signal, onCaughtUp });
    expect(seen).toEqual([0, 1]);
  });

  it('that is closed while the file cannot be read ends, and has not caught up', async () => {
    store = followersOf(...Array.from({ length: 100 }, () => new Unavailable('ledger', 'busy')));
    const onCaughtUp = jest.fn();
    const { signal } = new AbortController();
    const following = store.follow({ stream: 'chain-a', afterRevision: -1 }, () => undefined, { signal, onCaughtUp });
    await store.close();
    await following;
    expect(onCaughtUp).not.toHaveBeenCalled();
  });

  it('that is damaged says so', async () => {
    store = followersOf(new Corrupt('ledger.sqlite', null, 'damaged'));
    const { signal } = new AbortController();
    const following = store.follow({ stream: 'chain-a', afterRevision: -1 }, () => undefined, { signal });
    await expect(following).rejects.toBeInstanceOf(Corrupt);
  });
});
