import type { Integration, PollEnded, PollKind } from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { LookBacks } from './look-backs';

const T0 = 1_800_000_000_000;
const DAY = 24 * 60 * 60_000;

const integration = (backfillDays: number, over: Partial<Integration> = {}): Integration =>
  ({
    integrationId: integrationId(),
    organisationId: organisationId(),
    target: { awsAccountId: '123456789012', region: 'eu-west-2', roleArn: 'r', externalId: 'x' },
    settings: { syncInterval: 60, backfillDays },
    status: 'ACTIVE',
    ...over,
  }) as Integration;
const free = (freeMs: number) => () => ({ freeMs, intervalMs: 60_000 });
const ended = (kind: PollKind, atMs: number, askAgainInMs: number | null): PollEnded =>
  ({ kind, integrationId: integrationId(), endedAtLocal: new Date(atMs).toISOString(), askAgainInMs }) as PollEnded;
const kinds = (lookBacks: LookBacks, nowMs: number, freeMs = 30_000) =>
  lookBacks.due(nowMs, free(freeMs)).map(({ kind }) => kind);

describe('polls that look back', () => {
  it('are asked for in the time that the live polls leave, and for no longer', () => {
    const lookBacks = new LookBacks(1);
    lookBacks.set(integration(30), T0);
    expect(lookBacks.due(T0, free(40_000))).toMatchObject([{ kind: 'BACKFILL', forMs: 28_000 }]);
    expect(lookBacks.due(T0, free(1_000))).toEqual([]);
    expect(lookBacks.due(T0, free(-5))).toEqual([]);
  });

  it('come one after the other: backfill while there is some, then the daily reconciliation', () => {
    const lookBacks = new LookBacks(1);
    lookBacks.set(integration(30), T0);
    lookBacks.ended(ended('BACKFILL', T0 + 1_000, 0));
    expect(kinds(lookBacks, T0 + 1_000)).toEqual(['BACKFILL']);
    lookBacks.ended(ended('BACKFILL', T0 + 2_000, null));
    expect(kinds(lookBacks, T0 + 2_000)).toEqual(['RECONCILE']);
    lookBacks.ended(ended('RECONCILE', T0 + 3_000, DAY));
    expect(kinds(lookBacks, T0 + DAY)).toEqual([]);
    expect(kinds(lookBacks, T0 + 3_000 + DAY)).toEqual(['RECONCILE']);
  });

  it('are not asked for twice, tried again where the subject was occupied, and asked for again when their collector died', () => {
    const lookBacks = new LookBacks(1);
    lookBacks.set(integration(0), T0);
    const [request] = lookBacks.due(T0, free(10_000));
    lookBacks.asked(request as never, true, T0);
    expect(kinds(lookBacks, T0 + 5_000)).toEqual([]);
    lookBacks.asked(request as never, false, T0 + 5_000);
    expect(kinds(lookBacks, T0 + 5_250)).toEqual(['RECONCILE']);
    lookBacks.asked(request as never, true, T0 + 5_250);
    expect(kinds(lookBacks, T0 + 80_000)).toEqual(['RECONCILE']);
  });

  it('end with the integration, and more days begin anew', () => {
    const lookBacks = new LookBacks(1);
    lookBacks.set(integration(10), T0);
    lookBacks.ended(ended('BACKFILL', T0, null));
    lookBacks.ended(ended('RECONCILE', T0, DAY));
    lookBacks.set(integration(5), T0);
    expect(kinds(lookBacks, T0 + 1)).toEqual([]);
    lookBacks.set(integration(20), T0);
    expect(kinds(lookBacks, T0 + 1)).toEqual(['BACKFILL']);
    lookBacks.set(integration(20, { status: 'PAUSED' }), T0);
    expect(kinds(lookBacks, T0 + 10 * DAY)).toEqual([]);
  });

  it('begin anew with other filters, if there is backfill at all', () => {
    const settings = (backfillDays: number, namePrefix: string) =>
      ({ syncInterval: 60, backfillDays, filters: { namePrefix, tags: {} } }) as unknown as Integration['settings'];
    for (const [days, expected] of [
      [10, ['BACKFILL']],
      [0, []],
    ] as const) {
      const lookBacks = new LookBacks(1);
      lookBacks.set(integration(days, { settings: settings(days, 'credit-') }), T0);
      lookBacks.ended(ended('BACKFILL', T0, null));
      lookBacks.ended(ended('RECONCILE', T0, DAY));
      lookBacks.set(integration(days, { settings: settings(days, 'c') }), T0);
      expect(kinds(lookBacks, T0 + 1)).toEqual(expected);
    }
  });

  it('wait shorter under an accelerated clock', () => {
    const lookBacks = new LookBacks(60);
    lookBacks.set(integration(0), T0);
    lookBacks.ended(ended('RECONCILE', T0, DAY));
    expect(kinds(lookBacks, T0 + DAY / 60)).toEqual(['RECONCILE']);
  });
});
