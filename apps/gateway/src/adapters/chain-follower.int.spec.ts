import { checkLedger, eventually, startNats, type TestNats } from '@audital/testing';
import { Harness } from '../testing/harness';

let nats: TestNats;
let harness: Harness;
beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
});
afterAll(async () => {
  await checkLedger(harness.ledger).finally(() => harness.stop());
  await nats.stop();
});

describe('§8.11 the index of the gateway', () => {
  it('§8.11 goes on from its place after a restart: each position once, and none left out', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    const positions = (): number[] => {
      const query = { organisationId: id, filter: {}, order: 'ASC', after: null, below: null, limit: 1_000 } as const;
      return harness.gateway.index.find(query);
    };
    const upTo = (size: number): number[] => Array.from({ length: size }, (_, position) => position);
    const indexed = (size: number): Promise<boolean> =>
      eventually(() => harness.gateway.index.size(id) === size, { what: `${size} events in the index` });
    await chain.seal(...Array.from({ length: 20 }, () => ({})));
    await indexed(21);
    await harness.restart();
    await chain.seal({}, {}, {});
    await chain.checkpoint();
    await indexed(24);
    expect(positions()).toEqual(upTo(24));
    // What it writes down stands under the signed root, from before the restart and after it.
    await eventually(() => harness.gateway.trust.trust(id).state === 'TRUSTED', { what: 'The checkpoint' });
    const events = await harness.gateway.reader.views(id, [0, 20, 21, 23]);
    expect(events.map(({ verified }) => verified)).toEqual([true, true, true, true]);
  });

  it('§8.11 whose place lies behind what it holds takes nothing twice', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({}, {}, {});
    await eventually(() => harness.gateway.index.size(id) === 4, { what: 'The events in the index' });
    // As after a power cut that cost the place, or a store that tells an event again.
    const { index } = harness.gateway;
    const [first] = await harness.ledger.read(`chain-${id}`, { limit: 1 });
    await index.transaction(() => {
      index.keepPlace('chain-', first as NonNullable<typeof first>);
      return true;
    });
    await harness.restart();
    await chain.seal({});
    await chain.checkpoint();
    await eventually(() => harness.gateway.index.size(id) === 5, { what: 'The fifth event' });
    await eventually(() => harness.gateway.trust.trust(id).state === 'TRUSTED', { what: 'The checkpoint' });
    const events = await harness.gateway.reader.views(id, [0, 1, 2, 3, 4]);
    expect(events.map(({ verified }) => verified)).toEqual([true, true, true, true, true]);
    // Nor had the index to be built anew, which mends what was written twice.
    expect(harness.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
