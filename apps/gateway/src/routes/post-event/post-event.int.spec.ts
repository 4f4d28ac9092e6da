import { type AppendReply, type AppendRequest, Rejected, subjects, Unavailable } from '@audital/contracts';
import { checkLedger, startNats, type TestNats } from '@audital/testing';
import { answering } from '../../testing/answering';
import { Harness } from '../../testing/harness';

const PATH = '/v1/audit';
const body = { eventType: 'HUMAN_REVIEW', payload: { approved: true } };

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

/** The answer when the chain-writer says so, and what it was asked. */
async function post(answer: (request: AppendRequest) => unknown, headers: Record<string, string> = {}) {
  const { id, key } = await harness.organisation();
  const chain = harness.chain(id);
  await chain.seal(body);
  const { asked, stop } = await answering(await nats.connect('chain-writer'), subjects.askChain(0, 'append'), answer);
  const got = await harness.call('POST', PATH, { key, body, headers });
  await stop();
  return { id, eventId: chain.ids[1], asked: asked as AppendRequest[], ...got };
}
const sealed = (over: Partial<AppendReply> = {}): AppendReply =>
  ({ id: 'evt_1', chainPosition: 1, blockHash: 'sha256:', replayed: false, ...over }) as AppendReply;

describe('POST /v1/audit', () => {
  it('201: the event as it stands in the ledger, under a key that was made for it', async () => {
    const { id, eventId, asked, status, headers, body: event } = await post(() => sealed());
    expect([status, event.id, event.payload]).toEqual([201, eventId, { approved: true }]);
    expect(asked).toMatchObject([{ organisationId: id, eventType: 'HUMAN_REVIEW', source: 'API', timestamp: null }]);
    expect(headers.get('idempotency-key')).toBe(asked[0]?.idempotencyKey);
    expect([headers.get('location'), headers.get('idempotency-replayed')]).toEqual([`/v1/audit/${eventId}`, null]);
  });

  it('§8.10 201: the chain-writer says that the key was used before, and the gateway keeps no table of its own', async () => {
    const headers = { 'Idempotency-Key': 'order-1' };
    const first = await post(() => sealed(), headers);
    const again = await post(() => sealed({ replayed: true }), headers);
    expect([first, again].map(({ asked }) => asked[0]?.idempotencyKey)).toEqual(['order-1', 'order-1']);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  });

  it('§8.10 422: the key has sealed other content', async () => {
    const { status, body: problem } = await post(() => {
      throw new Rejected('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key has sealed another event at position 1.');
    });
    expect([status, problem.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('§8.10 504: no answer came, and it says with which key to ask again', async () => {
    const { status, headers, body: problem } = await post(() => 'silence', { 'Idempotency-Key': 'order-2' });
    expect([status, problem.code, headers.get('idempotency-key')]).toEqual([504, 'NO_ANSWER', 'order-2']);
    expect(problem.detail).toContain('order-2');
  }, 30_000);

  it('§8.8 503: the chain is stopped, and it says so', async () => {
    const {
      status,
      headers,
      body: problem,
    } = await post(() => {
      throw new Unavailable(
        'chain',
        'The chain of this organisation is stopped (FORK): its operator has been alarmed.',
      );
    });
    expect([status, problem.code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
