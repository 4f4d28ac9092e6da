import { evolveOrganisation, type Organisation, type OrganisationEvent, Rejected, RETENTION } from '@audital/contracts';
import { organisationId } from '@audital/testing';
import { decideHold, decideRetention, existing } from './policy';

const at = '2026-03-02T11:00:00.000Z';
const by = { type: 'USER', id: 'ada' } as const;
const id = organisationId(1);

const created: OrganisationEvent = {
  type: 'OrganisationCreated',
  data: { at, by, organisationId: id, name: 'x', kind: 'LIVE', siblingId: organisationId(2) },
};
const set = (retentionDays: number): OrganisationEvent => ({ type: 'RetentionSet', data: { at, by, retentionDays } });
const placed = (name: string, reason = 'a lawsuit'): OrganisationEvent => ({
  type: 'LegalHoldPlaced',
  data: { at, by, name, reason },
});
const lifted = (name: string): OrganisationEvent => ({
  type: 'LegalHoldLifted',
  data: { at, by, name, reason: 'settled' },
});
const given = (...events: OrganisationEvent[]): Organisation | null =>
  [created, ...events].reduce<Organisation | null>(
    (state, event, revision) => evolveOrganisation(state, event, revision),
    null,
  );

/** The events, or the code of the refusal. */
function decided(decide: () => OrganisationEvent[]): OrganisationEvent[] | string {
  try {
    return decide();
  } catch (error) {
    if (error instanceof Rejected) return error.code;
    throw error;
  }
}
const retention = (state: Organisation | null, retentionDays: number, who = 'ada') =>
  decided(() => decideRetention(state, { organisationId: id, who, retentionDays }, at));
const hold = (
  state: Organisation | null,
  change: 'place' | 'lift',
  over: { name?: string; reason?: string; who?: string } = {},
) =>
  decided(() =>
    decideHold(state, { organisationId: id, who: 'ada', name: 'case-7', reason: 'a lawsuit', ...over, change }, at),
  );

describe('how long payloads are kept', () => {
  it('given a new organisation, it is the default, and what is set is in force', () => {
    expect(given()?.retentionDays).toBe(RETENTION.defaultDays);
    expect(retention(given(), 365)).toEqual([set(365)]);
    expect(given(set(365))?.retentionDays).toBe(365);
  });

  it('given 365, setting 365 again changes nothing', () => {
    expect(retention(given(set(365)), 365)).toEqual([]);
    expect(retention(given(), RETENTION.defaultDays)).toEqual([]);
  });

  it.each([RETENTION.floorDays, RETENTION.daysMax])('%i days are taken', (days) =>
    expect(retention(given(), days)).toEqual([set(days)]),
  );

  it.each([RETENTION.floorDays - 1, 0, -1, 200.5, NaN, RETENTION.daysMax + 1, '365' as never])(
    '%p days are refused',
    (days) => expect(retention(given(), days)).toBe('RETENTION_OUT_OF_RANGE'),
  );

  it('is nobody’s without an organisation, and nobody’s decision without a name', () => {
    expect(retention(null, 365)).toBe('ORGANISATION_NOT_FOUND');
    expect(retention(given(), 365, ' ')).toBe('REQUEST_INVALID');
    expect(() => existing(null)).toThrow(Rejected);
  });
});

describe('a legal hold', () => {
  it('given none, is placed with who and why; given it, placing it again changes nothing', () => {
    expect(hold(given(), 'place')).toEqual([placed('case-7')]);
    expect(given(placed('case-7'))?.holds).toMatchObject([{ name: 'case-7', reason: 'a lawsuit' }]);
    expect(hold(given(placed('case-7')), 'place', { reason: 'another' })).toEqual([]);
  });

  it('given two, one is lifted and the other stays', () => {
    const both = given(placed('case-7'), placed('case-8'));
    expect(hold(both, 'lift', { reason: 'settled' })).toEqual([lifted('case-7')]);
    expect(given(placed('case-7'), placed('case-8'), lifted('case-7'))?.holds.map(({ name }) => name)).toEqual([
      'case-8',
    ]);
  });

  it('that is not in force cannot be lifted; one that was can be placed again', () => {
    expect(hold(given(placed('case-8')), 'lift')).toBe('HOLD_NOT_FOUND');
    expect(hold(given(placed('case-7'), lifted('case-7')), 'lift')).toBe('HOLD_NOT_FOUND');
    expect(hold(given(placed('case-7'), lifted('case-7')), 'place')).toEqual([placed('case-7')]);
  });

  it('given a hundred, one more is refused', () => {
    const hundred = Array.from({ length: 100 }, (_, number) => placed(`case ${number}`));
    expect(hold(given(...hundred), 'place')).toBe('TOO_MANY_HOLDS');
    expect(hold(given(...hundred.slice(1)), 'place')).toEqual([placed('case-7')]);
  });

  it.each([
    ['no name', { name: ' ' }],
    ['a long name', { name: 'x'.repeat(65) }],
    ['no reason', { reason: '' }],
    ['a text that is no Unicode', { reason: '\ud800' }],
    ['nobody who asks', { who: '' }],
  ])('with %s is refused', (_what, over) => expect(hold(given(), 'place', over)).toBe('REQUEST_INVALID'));

  it('is nobody’s without an organisation', () => expect(hold(null, 'place')).toBe('ORGANISATION_NOT_FOUND'));
});
