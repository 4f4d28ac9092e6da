import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { base32 } from '@audital/contracts';
import { eventually, seeded, tempFolder, type TempFolder } from '@audital/testing';
import { IdentityFilter } from './identity-filter';
import { type IndexEntry, IdentityIndex } from './identity-index';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const random = seeded(7);
const identity = (): string =>
  base32(
    Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256)),
    16,
  );
const entries = (count: number, first = 0): IndexEntry[] =>
  Array.from({ length: count }, (_, index) => ({ identity: identity(), position: first + index, isLoss: false }));
const stampAt = (size: number) => ({ tree: { size, hashes: [new Uint8Array(32)] }, head: 'head', lastRecordedAt: '' });

describe('the filter of identities', () => {
  it('never forgets one, and takes few others for one of them', () => {
    const filter = new IdentityFilter(IdentityFilter.bufferFor(0));
    const added = Array.from({ length: 100_000 }, identity);
    for (const one of added) filter.add(one);
    expect(added.every((one) => filter.mayHold(one))).toBe(true);
    const others = Array.from({ length: 100_000 }, identity);
    expect(others.filter((one) => filter.mayHold(one)).length).toBeLessThan(100);
  });

  it('takes one in four hundred at most when it holds what it was made for', () => {
    const filter = new IdentityFilter(IdentityFilter.bufferFor(2 ** 19));
    for (let index = 0; index < 2 ** 20; index += 1) filter.add(identity());
    const others = Array.from({ length: 40_000 }, identity);
    expect(others.filter((one) => filter.mayHold(one)).length).toBeLessThan(150);
  });
});

describe('the index of identities', () => {
  it('knows at once what was added, when it is written, and after a restart; organisations stay apart', async () => {
    const index = new IdentityIndex(folder.path);
    const all = entries(1_000);
    const added = index.add('org_a', all);
    const known = () =>
      index.findAll(
        'org_a',
        all.map((one) => one.identity),
      );
    expect(known().size).toBe(1_000);
    await added;
    const [first] = all as [IndexEntry];
    await index.add('org_b', [{ ...first, position: 77, isLoss: true }]);
    await index.close();
    const again = new IdentityIndex(folder.path);
    expect([again.find('org_a', first.identity), again.find('org_b', first.identity)]).toEqual([0, 77]);
    expect([again.anyLoss('org_a'), again.anyLoss('org_b')]).toEqual([false, true]);
    // The thread has filled the filter from the file: what is in it is found, what is not is not looked up.
    await again.add('org_a', entries(1, 1_000));
    await eventually(() => (again as unknown as { scanned: boolean }).scanned, { what: 'The scan' });
    expect(again.findAll('org_a', [...all.map((one) => one.identity), identity()]).size).toBe(1_000);
    await again.close();
  });

  it('a stamp is never ahead of the entries under it, and forgetting takes both', async () => {
    const index = new IdentityIndex(folder.path);
    const all = entries(20_000);
    void index.add('org_a', all);
    index.setStamp('org_a', stampAt(20_000));
    const raw = new DatabaseSync(join(folder.path, 'identities.sqlite'), { readOnly: true });
    const count = (table: string) =>
      (raw.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count;
    await eventually(
      () => {
        const stamped = count('stamps') > 0;
        expect(stamped ? count('identities') : 20_000).toBe(20_000);
        return stamped;
      },
      { what: 'The stamp' },
    );
    raw.close();
    await index.forget('org_a');
    expect(index.stamp('org_a')).toBeNull();
    expect(index.find('org_a', (all[0] as IndexEntry).identity)).toBeNull();
    await index.close();
  });

  it("is one process's: another one gets a file of its own, until the first is gone", async () => {
    const [one] = entries(1) as [IndexEntry];
    const first = new IdentityIndex(folder.path);
    const second = new IdentityIndex(folder.path);
    await first.add('org_a', [one]);
    await second.forget('org_a');
    await Promise.all([first.close(), second.close()]);
    const next = new IdentityIndex(folder.path);
    expect(next.find('org_a', one.identity)).toBe(0);
    await next.close();
  });

  it('goes on from memory while its file cannot be written, says so once, and writes when it can', async () => {
    const troubles: string[] = [];
    const index = new IdentityIndex(folder.path, (message) => troubles.push(message));
    await index.add('org_a', entries(1));
    const raw = new DatabaseSync(join(folder.path, 'identities.sqlite'));
    raw.exec("CREATE TRIGGER full BEFORE INSERT ON identities BEGIN SELECT RAISE(ABORT, 'full'); END");
    const all = entries(10, 1);
    await index.add('org_a', all);
    await eventually(() => troubles.length > 0, { what: 'The trouble' });
    expect(index.find('org_a', (all[9] as IndexEntry).identity)).toBe(10);
    await expect(index.add('org_a', entries(60_000, 11))).rejects.toMatchObject({ name: 'Unavailable' });
    raw.exec('DROP TRIGGER full');
    raw.close();
    await index.close();
    expect(troubles).toEqual(['full']);
    const again = new IdentityIndex(folder.path);
    expect(again.find('org_a', (all[9] as IndexEntry).identity)).toBe(10);
    await again.close();
  });
});
