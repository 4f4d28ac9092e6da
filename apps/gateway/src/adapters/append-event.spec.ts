import { type AppendRequest, Rejected, Unavailable } from '@audital/contracts';
import { organisationId } from '@audital/testing';
import { appendEvent } from './append-event';

const request = { v: 1, organisationId: organisationId(), idempotencyKey: 'order-1' } as AppendRequest;
const asking = (error: Error): Promise<unknown> => appendEvent({ ask: () => Promise.reject(error) }, 1)(request);
const silence = (code: string): Unavailable => new Unavailable('nats', 'no answer', { cause: { code } });

describe('§8.10 a user’s event that nobody answers for', () => {
  it('§8.10 is NO_ANSWER (504), which names the Idempotency-Key to retry with', async () => {
    await expect(asking(silence('TIMEOUT'))).rejects.toMatchObject({
      code: 'NO_ANSWER',
      message: expect.stringContaining('order-1'),
      options: { headers: { 'Idempotency-Key': 'order-1' } },
    });
  });

  it('is certainly not sealed when nobody listened, or when the writer said so: its own word is passed on', async () => {
    const errors = [
      silence('503'),
      new Unavailable('chain', 'stopped'),
      new Rejected('IDEMPOTENCY_KEY_REUSED', 'other'),
    ];
    for (const error of errors) await expect(asking(error)).rejects.toBe(error);
  });
});
