import { eventually, startNats, type TestNats } from '@audital/testing';
import { Harness } from '../../testing/harness';

let nats: TestNats;
let harness: Harness;

beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
});

afterAll(async () => {
  await harness?.stop();
  await nats?.stop();
});

describe('GET /v1/audit/:id', () => {
  it('200: an event under the newest checkpoint is verified', async () => {
    const { id, key } = await harness.organisation();
    const chain = harness.chain(id);
    const [eventId] = await chain.seal({ payload: { a: 1 } });
    await chain.checkpoint();
    const answer = await eventually(
      async () => {
        const got = await harness.call('GET', `/v1/audit/${eventId}`, { key });
        return got.body?.verified ? got : null;
      },
      { what: 'A verified event' },
    );
    expect(answer.body).toMatchObject({ id: eventId, chainPosition: 1, payload: { a: 1 }, verified: true });
  });
});
