import type { Response } from 'express';
import { HealthRoute } from './route';

describe('GET /health/ready of the gateway, which anybody may ask', () => {
  it.each([
    ['all is well', { ready: true, checks: { ledger: 'ok', nats: 'ok' } }, { ledger: 'ok', nats: 'ok' }, 200],
    [
      'the ledger is away, and does not tell where it stands',
      { ready: false, checks: { ledger: 'The EventStoreDB at ledger.internal:2113 is away.', nats: 'ok' } },
      { ledger: 'not ready', nats: 'ok' },
      503,
    ],
  ])('says when %s', (_when, report, checks, status) => {
    const response = { statusCode: 200, status: (code: number) => (response.statusCode = code) };
    const told = new HealthRoute(() => report).ready(response as unknown as Response);
    expect({ told, status: response.statusCode }).toEqual({ told: { ready: report.ready, checks }, status });
  });
});
