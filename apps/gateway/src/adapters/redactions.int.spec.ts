import { type OrganisationId, ledgerStreams } from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import { checkLedger, eventually, startNats, type TestNats } from '@audital/testing';
import { Harness } from '../testing/harness';
import { blankEntry, flipByte } from '../testing/tamper';

jest.setTimeout(60_000);
let nats: TestNats;
let harness: Harness;

beforeAll(async () => {
  nats = await startNats();
});
beforeEach(async () => {
  harness = await Harness.start(await nats.connect('gateway'));
});
afterEach(async () => {
  await checkLedger(harness.ledger).finally(() => harness.stop());
});
afterAll(() => nats.stop());

const redaction = (...positions: number[]) => ({
  eventType: 'PAYLOAD_REDACTED',
  source: 'AUDITAL',
  payload: { positions },
});
const gone = (id: OrganisationId, ...positions: number[]): void => {
  for (const position of positions) blankEntry(harness.ledgerFile, ledgerStreams.payload(id, 0), position);
};
const read = (id: OrganisationId, ...positions: number[]) => harness.gateway.reader.views(id, positions);
const statuses = async (id: OrganisationId, ...positions: number[]) =>
  (await read(id, ...positions)).map(({ verification }) => verification?.status);
const trusted = (id: OrganisationId, size: number) =>
  eventually(
    () => {
      const trust = harness.gateway.trust.trust(id);
      return trust.state === 'TRUSTED' && trust.checkpoint.size === size;
    },
    { what: 'The checkpoint', deadlineMs: 30_000 },
  );

describe('what was redacted', () => {
  it('is told from what is merely missing, by the event that names it, also one that came later', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({}, {}, {}, {}, redaction(1, 2));
    await chain.checkpoint();
    await trusted(id, 6);
    gone(id, 1, 2, 3);
    expect(await statuses(id, 1, 2, 3, 4)).toEqual(['redacted', 'redacted', 'failed', 'ok']);
    const [later] = await chain.seal(redaction(3));
    await chain.checkpoint();
    await trusted(id, 7);
    const [third] = await read(id, 3);
    expect(third?.verification).toMatchObject({ status: 'redacted', reason: expect.stringContaining(String(later)) });
    await harness.restart({ forgetIndex: true });
    await trusted(id, 7);
    expect(await statuses(id, 1, 2, 3)).toEqual(['redacted', 'redacted', 'redacted']);
  });

  it('is found among thousands of redactions, and each of these is read once', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({}, ...Array.from({ length: 1_100 }, () => redaction(5_000)), redaction(1));
    await chain.checkpoint();
    await trusted(id, 1_103);
    gone(id, 1);
    const { ledger } = harness.gateway.stored as unknown as { ledger: Ledger };
    const reads = jest.spyOn(ledger, 'read');
    expect(await statuses(id, 1)).toEqual(['redacted']);
    expect(reads.mock.calls.length).toBeGreaterThan(60);
    reads.mockClear();
    expect(await statuses(id, 1)).toEqual(['redacted']);
    expect(reads.mock.calls.length).toBeLessThan(8);
  });

  it('is not what a changed redaction names, until it is whole again', async () => {
    const { id } = await harness.organisation();
    const chain = harness.chain(id);
    await chain.seal({}, {}, redaction(1), redaction(2));
    await chain.checkpoint();
    await trusted(id, 5);
    gone(id, 1, 2);
    const turn = (): void =>
      flipByte(harness.ledgerFile, { stream: ledgerStreams.payload(id, 0), revision: 3, at: 40 });
    turn();
    expect(await statuses(id, 1, 2)).toEqual(['failed', 'redacted']);
    turn();
    expect(await statuses(id, 1, 2)).toEqual(['redacted', 'redacted']);
    // Believed by name it would still be: each answer verifies the redaction anew.
    turn();
    expect(await statuses(id, 1, 2)).toEqual(['failed', 'redacted']);
    turn();
  });
});
