import { LEGAL_BASES, type RedactRequest, Rejected, RETENTION } from '@audital/contracts';
import { organisationId } from '@audital/testing';
import { checkRedactRequest, decideRedaction, decideRetention, type NamedEvent, retentionEnd } from './redaction';

const NOW = '2027-01-01T00:00:00.000Z';
const daysAgo = (days: number): string => new Date(Date.parse(NOW) - days * 24 * 60 * 60_000).toISOString();

const event = (
  position: number,
  over: Partial<NonNullable<NamedEvent['record']>> = {},
  isGone = false,
): NamedEvent => ({
  position,
  record: { eventType: 'HUMAN_REVIEW', source: 'API', tags: [], recordedAt: daysAgo(400), ...over },
  isGone,
});
const request = (over: Partial<RedactRequest> = {}): RedactRequest => ({
  v: 1,
  organisationId: organisationId(),
  requestId: 'req_01HZABCDEFGHJKMNPQRSTVWXYZ',
  positions: [3],
  eventIds: [],
  who: 'ada',
  reason: 'asked for',
  legalBasis: 'CONTRACT',
  ...over,
});

/** Given the named events and holds, what a request comes to: positions, or the code of its refusal. */
function decided(named: NamedEvent[], over: Partial<RedactRequest> = {}, holds: { name: string }[] = []): unknown {
  try {
    checkRedactRequest(request(over));
    return decideRedaction(request(over), { named, holds, now: NOW }).payload['positions'];
  } catch (error) {
    return (error as Rejected).code;
  }
}

describe('decideRedaction', () => {
  it('given old events and no hold, says positions, who, why and on which basis', () => {
    const observation = decideRedaction(request(), { named: [event(3), event(5)], holds: [], now: NOW });
    expect(observation).toMatchObject({
      fact: 'redacted | req_01HZABCDEFGHJKMNPQRSTVWXYZ',
      eventType: 'PAYLOAD_REDACTED',
      source: 'AUDITAL',
      actor: { type: 'USER', id: 'ada' },
      payload: { positions: [3, 5], reason: 'asked for', legalBasis: 'CONTRACT' },
    });
  });

  it.each<[string, NamedEvent]>([
    ['LOG_CREATED', event(0, { eventType: 'LOG_CREATED', source: 'AUDITAL' })],
    ['a redaction', event(3, { eventType: 'PAYLOAD_REDACTED', source: 'AUDITAL' })],
    ['a key change', event(3, { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] })],
  ])('refuses the whole request when it names %s', (_what, named) => {
    expect(decided([event(1), named], { legalBasis: 'GDPR_ART_17' })).toBe('NEVER_REDACTED');
  });

  it('takes any other change of configuration, and what a user merely called so', () => {
    expect(decided([event(3, { eventType: 'CONFIG_CHANGE', source: 'AUDITAL' })])).toEqual([3]);
    expect(decided([event(3, { eventType: 'LOG_CREATED', source: 'API' })])).toEqual([3]);
  });

  it('refuses a position that the chain does not have', () => {
    expect(decided([event(1), { position: 99, record: null, isGone: false }])).toBe('POSITION_NOT_FOUND');
  });

  it('refuses everything under a legal hold, whatever the basis', () => {
    for (const legalBasis of Object.keys(LEGAL_BASES) as (keyof typeof LEGAL_BASES)[])
      expect(decided([event(3)], { legalBasis }, [{ name: 'case-7' }])).toBe('LEGAL_HOLD');
  });

  it.each<[RedactRequest['legalBasis'], unknown]>([
    ['GDPR_ART_17', [3, 4]],
    ['COURT_ORDER', [3, 4]],
    ['CONTRACT', 'RETENTION_FLOOR'],
    ['OTHER', 'RETENTION_FLOOR'],
  ])('given one event younger than the floor, %s answers %p', (legalBasis, answer) => {
    const young = event(4, { recordedAt: daysAgo(RETENTION.floorDays - 1) });
    expect(decided([event(3), young], { legalBasis })).toEqual(answer);
  });

  it('names only what is not gone yet, and refuses when all is gone', () => {
    expect(decided([event(3, {}, true), event(4)])).toEqual([4]);
    expect(decided([event(3, {}, true)])).toBe('ALREADY_REDACTED');
  });

  it.each<[string, Partial<RedactRequest>]>([
    ['no requestId', { requestId: 'x' }],
    ['a position below 0', { positions: [-1] }],
    ['no position', { positions: [] }],
    ['too many', { positions: Array.from({ length: 1001 }, (_, index) => index) }],
    ['an id that is none', { eventIds: ['evt_x'] }],
    ['no person', { who: ' ' }],
    ['no reason', { reason: '' }],
    ['a basis that nobody knows', { legalBasis: 'toString' as never }],
    ['retention as a basis', { legalBasis: 'RETENTION' as never }],
  ])('refuses %s', (_what, over) => expect(decided([event(3)], over)).toBe('REQUEST_INVALID'));
});

describe('decideRetention', () => {
  const given = (entries: NamedEvent[], o: { retentionDays?: number; holds?: { name: string }[] } = {}) =>
    decideRetention({ retentionDays: 365, holds: [], requestId: 'retention 1', now: NOW, entries, ...o });

  it('lets a segment go whose entries are all older than the retention, but never what verifiers need', () => {
    const entries = [event(0, { eventType: 'LOG_CREATED', source: 'AUDITAL' }), event(1), event(2, {}, true), event(3)];
    expect(given(entries)?.payload).toMatchObject({ positions: [1, 3], legalBasis: 'RETENTION' });
  });

  it('keeps a segment with one younger entry, one under hold, and one of which nothing is left', () => {
    expect(given([event(1), event(2, { recordedAt: daysAgo(364) })])).toBeNull();
    expect(given([event(1)], { holds: [{ name: 'case-7' }] })).toBeNull();
    expect(given([event(1, {}, true)])).toBeNull();
  });

  it('keeps what is younger than the floor, whatever retention says', () => {
    expect(given([event(1, { recordedAt: daysAgo(182) })], { retentionDays: 1 })).toBeNull();
    expect(retentionEnd(1, NOW)).toBe(daysAgo(183));
  });
});
