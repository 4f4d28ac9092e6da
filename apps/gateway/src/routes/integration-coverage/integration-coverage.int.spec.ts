import { type PollEnded, subjects } from '@audital/contracts';
import { checkLedger, eventually, startNats, type TestNats } from '@audital/testing';
import { Harness } from '../../testing/harness';

let nats: TestNats;
let harness: Harness;

beforeAll(async () => {
  nats = await startNats();
  harness = await Harness.start(await nats.connect('gateway'));
});

afterAll(async () => {
  try {
    await checkLedger(harness.ledger);
  } finally {
    await harness?.stop();
    await nats?.stop();
  }
});

const HOUR = '2026-03-02T10:00:00.000Z';
const END = '2026-03-02T11:00:00.000Z';
const BROKE = '2026-03-02T10:30:00.000Z';
const MENDED = '2026-03-02T10:45:00.000Z';

const gap = {
  lastGoodPollAt: BROKE,
  from: BROKE,
  reason: 'ACCESS_LOST',
  detail: 'The role cannot be assumed.',
  syncIntervalSeconds: 60,
  basis: 'POLLS',
};

const sealed = (integrationId: string) => {
  const base = { source: 'AUDITAL', integrationId };
  const sum = { pages: 180, items: 9, events: 4, errors: 15, calls: { ListEndpoints: 45 }, throttles: 0, ended: null };
  return [
    {
      ...base,
      eventType: 'COVERAGE_GAP',
      severity: 'HIGH',
      timestamp: BROKE,
      payload: { ...gap, state: 'OPEN', to: null, durationMs: null, recovered: null, endedBy: null },
    },
    {
      ...base,
      eventType: 'COVERAGE_GAP',
      timestamp: MENDED,
      payload: { ...gap, state: 'CLOSED', to: MENDED, durationMs: 900_000, recovered: true, endedBy: 'POLL' },
    },
    {
      ...base,
      eventType: 'COVERAGE',
      severity: 'MEDIUM',
      timestamp: END,
      payload: {
        hour: HOUR,
        from: HOUR,
        to: END,
        expectedMs: 3_600_000,
        observedMs: 2_700_000,
        windows: [
          { from: HOUR, to: BROKE },
          { from: MENDED, to: END },
        ],
        gaps: [{ from: BROKE, to: MENDED }],
        polls: { OK: 45, ACCESS_LOST: 15 },
        ...sum,
        backfill: null,
        reconciliation: null,
        basis: 'POLLS',
      },
    },
  ];
};

describe('GET /v1/integrations/sagemaker/:id/coverage', () => {
  it('200: what was sealed, verified, and what the polls have said since', async () => {
    const { id, key, externalId } = await harness.organisation();
    const integrationId = await harness.integration(id, 1, externalId);
    const chain = harness.chain(id);
    await chain.seal(...sealed(integrationId));
    await chain.checkpoint();
    const poll = {
      v: 1,
      organisationId: id,
      integrationId,
      outcome: 'OK',
      reason: null,
      startedAt: '2026-03-02T11:10:00.000Z',
      endedAt: '2026-03-02T11:10:01.000Z',
      windowFrom: END,
      windowTo: '2026-03-02T11:10:00.000Z',
      endedAtLocal: new Date().toISOString(),
      observations: 1,
      pages: 3,
      items: 3,
      calls: { ListEndpoints: 1 },
      throttles: 2,
    } satisfies PollEnded;
    const collector = await nats.connect('sagemaker-collector');
    await collector.publish(subjects.pollEnded(integrationId), poll, { messageId: 'one' });
    const path = `/v1/integrations/sagemaker/${integrationId}/coverage?from=${HOUR}&to=2026-03-02T12:00:00Z`;
    const answer = await eventually(
      async () => {
        const got = await harness.call('GET', path, { key });
        const { lastSuccessAt, evidence } = got.body ?? {};
        return lastSuccessAt && evidence.events === 3 && evidence.notVerified.length === 0 ? got : null;
      },
      { what: 'Verified coverage' },
    );
    expect(answer.body).toMatchObject({
      integrationId,
      status: 'ACTIVE',
      expectedMs: 4_200_000,
      observedMs: 3_300_000,
      shareObserved: 0.785714,
      gaps: [{ from: BROKE, to: MENDED, state: 'CLOSED', reason: 'ACCESS_LOST', recovered: true, verified: true }],
      lastSuccessAt: '2026-03-02T11:10:00.000Z',
      lastOutcome: 'OK',
      polls: { OK: 46, ACCESS_LOST: 15 },
      calls: { ListEndpoints: 46 },
      throttles: 2,
      events: 5,
      errors: 15,
      sealedTo: END,
      evidence: { events: 3, notVerified: [] },
    });
  });

  it('404: what is not the organisation’s own', async () => {
    const theirs = await harness.organisation();
    const integrationId = await harness.integration(theirs.id, 2, theirs.externalId);
    const { key } = await harness.organisation();
    const answer = await harness.call('GET', `/v1/integrations/sagemaker/${integrationId}/coverage`, { key });
    expect(answer.status).toBe(404);
    expect(answer.body.code).toBe('INTEGRATION_NOT_FOUND');
  });

  it.each([
    'from=2026-03-02T12:00:00Z&to=2026-03-02T11:00:00Z',
    'from=2026-01-01&to=2026-03-02',
    'from=yesterday',
    'hours=3',
  ])('400: %s', async (query) => {
    const { key } = await harness.organisation();
    const answer = await harness.call('GET', `/v1/integrations/sagemaker/int_any/coverage?${query}`, { key });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('INVALID_QUERY');
  });

  it('403: a key that may not read integrations', async () => {
    const { id } = await harness.organisation();
    const key = await harness.key(id, { scopes: ['audit:read'] });
    expect((await harness.call('GET', '/v1/integrations/sagemaker/int_x/coverage', { key })).status).toBe(403);
  });
});
