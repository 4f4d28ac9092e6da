import { facts, Rejected, type RotateKeyRequest } from '@audital/contracts';
import { observation, organisationId } from '@audital/testing';
import { operatorOnlyProblem, reservedProblem } from './draft';
import { keyEpochs, liveAt } from './key-epochs';
import { checkRotateRequest, decideRotation } from './rotation';

/** What the chain says, as facts and their positions. */
type Chain = Record<string, number>;
const [added2, retired1] = [facts.keyAdded(2), facts.keyRetired(1)];
const epochsOf = (chain: Chain) => keyEpochs((fact) => chain[fact] ?? null);

const request = (phase: 'ADD' | 'RETIRE', over: Partial<RotateKeyRequest> = {}): RotateKeyRequest => ({
  v: 1,
  organisationId: organisationId(),
  phase,
  epoch: null,
  by: 'ada',
  reason: 'once a year',
  ...over,
});

/** Given the chain, what a request comes to: what is sealed, what stands, or the code of the refusal. */
function decided(chain: Chain, phase: 'ADD' | 'RETIRE', o: { epoch?: number; checkpointSize?: number } = {}): string {
  const decision = decideRotation(request(phase, { epoch: o.epoch ?? null }), {
    epochs: epochsOf(chain),
    vkeyOf: (epoch) => `vkey ${epoch}`,
    endorse: (by, epoch) => `${by} hands over to ${epoch}`,
    checkpointSize: o.checkpointSize ?? 1000,
    now: '2027-01-01T00:00:00.000Z',
  });
  if (decision.kind === 'SEAL') return `seals ${decision.observation.fact}`;
  return decision.kind === 'STANDS' ? `stands ${decision.epoch}` : decision.code;
}

describe('which keys sign, by what the chain says', () => {
  it.each<[string, Chain, number, number[]]>([
    ['before any rotation', {}, 10, [1]],
    ['up to the event that adds', { [added2]: 10 }, 10, [1]],
    ['from the event that adds', { [added2]: 10 }, 11, [1, 2]],
    ['up to the event that retires', { [added2]: 10, [retired1]: 20 }, 20, [1, 2]],
    ['from the event that retires', { [added2]: 10, [retired1]: 20 }, 21, [2]],
    ['with a third', { [added2]: 10, [retired1]: 20, [facts.keyAdded(3)]: 30 }, 31, [2, 3]],
    ['with a gap in the epochs', { [facts.keyAdded(3)]: 30 }, 31, [1]],
  ])('%s', (_when, chain, size, live) => {
    expect(liveAt(epochsOf(chain), size).map(({ epoch }) => epoch)).toEqual(live);
  });
});

describe('decideRotation', () => {
  it.each<[string, Chain, 'ADD' | 'RETIRE', Parameters<typeof decided>[2], string]>([
    ['adds the second key', {}, 'ADD', {}, 'seals key | 2 | ADDED'],
    ['answers what stands', { [added2]: 10 }, 'ADD', {}, 'stands 2'],
    ['answers what stands when it is named', { [added2]: 10, [retired1]: 20 }, 'ADD', { epoch: 2 }, 'stands 2'],
    ['adds the third after the second', { [added2]: 10, [retired1]: 20 }, 'ADD', {}, 'seals key | 3 | ADDED'],
    ['adds none beside two', { [added2]: 10 }, 'ADD', { epoch: 3 }, 'KEY_NOT_RETIRED'],
    ['passes none over', {}, 'ADD', { epoch: 3 }, 'KEY_EPOCH_INVALID'],
    ['adds no first key', {}, 'ADD', { epoch: 1 }, 'KEY_EPOCH_INVALID'],
    ['retires the older of two', { [added2]: 10 }, 'RETIRE', { checkpointSize: 11 }, 'seals key | 1 | RETIRED'],
    ['retires none alone', {}, 'RETIRE', {}, 'KEY_NOT_ADDED'],
    ['retires none before both have signed', { [added2]: 10 }, 'RETIRE', { checkpointSize: 10 }, 'KEY_NOT_PUBLISHED'],
    ['answers what is retired', { [added2]: 10, [retired1]: 20 }, 'RETIRE', {}, 'stands 1'],
    ['never retires the newest', { [added2]: 10 }, 'RETIRE', { epoch: 2 }, 'KEY_NOT_ADDED'],
    ['never retires the last', { [added2]: 10, [retired1]: 20 }, 'RETIRE', { epoch: 2 }, 'KEY_NOT_ADDED'],
    ['knows no later key', { [added2]: 10 }, 'RETIRE', { epoch: 7 }, 'KEY_EPOCH_INVALID'],
  ])('%s', (_what, chain, phase, o, expected) => {
    expect(decided(chain, phase, o)).toBe(expected);
  });

  it('says who, why, which key, and has the old one vouch for it', () => {
    const context = { vkeyOf: (epoch: number) => `vkey ${epoch}`, now: '2027-01-01T00:00:00.000Z', checkpointSize: 9 };
    const endorse = (by: number, epoch: number): string => `${by} to ${epoch}`;
    expect(decideRotation(request('ADD'), { ...context, endorse, epochs: epochsOf({}) })).toMatchObject({
      observation: {
        eventType: 'CONFIG_CHANGE',
        source: 'AUDITAL',
        tags: ['KEY_CHANGE'],
        actor: { type: 'USER', id: 'ada' },
        payload: { kind: 'KEY_ADDED', epoch: 2, vkey: 'vkey 2', endorsement: '1 to 2', reason: 'once a year' },
      },
    });
  });

  it.each<[string, object]>([
    ['phase', { phase: 'SWAP' }],
    ['epoch', { epoch: 0 }],
    ['epoch', { epoch: '2' }],
    ['by', { by: ' ' }],
    ['reason', { reason: '' }],
  ])('refuses a request without a right %s', (name, over) => {
    expect(() => checkRotateRequest(request('ADD', over))).toThrow(Rejected);
    expect(() => checkRotateRequest(request('ADD', over))).toThrow(name);
  });
});

describe('nobody else changes keys', () => {
  it.each<[string, object]>([
    ['an event that says so', { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] }],
    ['any event with the fact of a key added', { fact: added2 }],
    ['any event with the fact of a key retired', { fact: retired1 }],
    ['a redaction', { eventType: 'PAYLOAD_REDACTED', source: 'AUDITAL' }],
  ])('a service has %s refused', (_what, over) => {
    expect(operatorOnlyProblem([observation(1), observation(2, over)])).toContain('not sealed for a service');
  });

  it('a service has its own changes sealed, and hostile observations reach the check that is theirs', () => {
    const own = observation(1, { eventType: 'CONFIG_CHANGE', source: 'AUDITAL', fact: 'registry | integration-1@2' });
    expect(operatorOnlyProblem([own, null, { ...own, tags: null as never }])).toBeNull();
  });

  it('a user has a CONFIG_CHANGE refused, and the source AUDITAL', () => {
    const event = { eventType: 'CONFIG_CHANGE', source: 'API' };
    expect(reservedProblem(event as never)).toContain('CONFIG_CHANGE');
    expect(reservedProblem({ ...event, eventType: 'REVIEW', source: 'AUDITAL' } as never)).toContain('AUDITAL');
  });
});
