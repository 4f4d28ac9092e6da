import { hash } from 'node:crypto';
import { ChainWalk, hashText, parseRecord } from '@audital/chain/check';
import {
  type AppendRequest,
  type EventId,
  identityOf,
  moveBytes,
  type Observation,
  type SealRequest,
} from '@audital/contracts';
import { integrationId, observation, organisationId, sealRequest } from '@audital/testing';
import { type ChainState, emptyChain } from './chain-state';
import { Identity } from './identity';
import { sealBatch, type SealContext, type SealedBatch, type SealInput } from './seal-batch';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const identity = new Identity(new Uint8Array(32).fill(7));
const cursorStream = `cursor-${integrationId()}`;
const integrationStream = `integration-${integrationId()}`;

function context(over: Partial<SealContext> = {}): SealContext {
  return {
    sha256,
    identity,
    origin: 'audital.example/log/x',
    logCreated: { vkey: 'vkey' },
    now: '2026-03-02T12:00:00.000Z',
    newSalt: () => new Uint8Array(32).fill(1),
    anyLoss: true,
    known: () => null,
    revisions: new Map([[integrationStream, 1]]),
    moves: new Map(),
    ...over,
  };
}

const given = (state: ChainState, over: Partial<SealContext> = {}) => ({
  when: (...inputs: SealInput[]): SealedBatch => sealBatch(state, inputs, context(over)),
});
const seal = (...observations: Observation[]): SealInput => ({ kind: 'seal', request: sealRequest(observations) });
const part = (expectedRevision: number, observations: Observation[], over: Partial<SealRequest> = {}): SealInput => ({
  kind: 'seal',
  request: sealRequest(observations, {
    cursor: { stream: cursorStream, expectedRevision, integrationRevision: 1, changes: [{ kind: 'mark' }] },
    ...over,
  }),
});
const types = (batch: SealedBatch): string[] => batch.records.map(({ bytes }) => parseRecord(bytes).eventType);
const api = (over: Partial<AppendRequest> = {}): SealInput => ({
  kind: 'append',
  request: {
    v: 1,
    organisationId: organisationId(),
    idempotencyKey: 'k',
    eventType: 'INFERENCE',
    source: 'API',
    severity: 'INFO',
    timestamp: null,
    actor: { type: 'API_KEY', id: 'key' },
    modelId: null,
    payload: { a: 1 },
    tags: [],
    ...over,
  },
});

describe('sealing a batch', () => {
  it('begins a chain with LOG_CREATED and links every record to the one before', () => {
    const batch = given(emptyChain).when(seal(observation(1), observation(2)));
    expect(types(batch)).toEqual(['LOG_CREATED', 'TRAINING_COMPLETED', 'TRAINING_COMPLETED']);
    const walk = new ChainWalk(sha256);
    batch.records.forEach(({ bytes, payload }, chainPosition) => {
      const { data } = payload;
      walk.add({ chainPosition, record: bytes, payload: { salt: data.subarray(0, 32), bytes: data.subarray(32) } });
    });
    expect(walk.finish(batch.records.at(-1)?.blockHash)).toEqual([]);
    expect(batch.state.tree.size).toBe(3);
  });

  it('registers a model before the first event that names it, and once', () => {
    const named = { payload: { modelIdentity: { rule: 'TRAINING_JOB_NAME', value: 'credit-scorer' } } };
    const batch = given(emptyChain).when(seal(observation(1, named), observation(2, named)));
    expect(types(batch)).toEqual(['LOG_CREATED', 'MODEL_REGISTERED', 'TRAINING_COMPLETED', 'TRAINING_COMPLETED']);
    const models = batch.records.slice(1).map(({ bytes }) => parseRecord(bytes).modelId);
    expect(new Set(models).size).toBe(1);
    expect(models[0]).toMatch(/^mdl_[0-9A-Z]{26}$/);
  });

  it('§8.1 makes the same bytes from the same inputs, and other ids only from other facts', () => {
    const [one, two] = [given(emptyChain).when(seal(observation(1))), given(emptyChain).when(seal(observation(1)))];
    expect(one.records.map(({ bytes }) => bytes)).toEqual(two.records.map(({ bytes }) => bytes));
    const later = given(emptyChain).when(seal(observation(1, { timestamp: '2026-03-02T11:59:00.000Z' })));
    expect(later.records[1]?.id).not.toBe(one.records[1]?.id);
    expect(identityOf(later.records[1]?.id as EventId)).toBe(identityOf(one.records[1]?.id as EventId));
  });

  it('§8.2 drops a part whose cursor or integration stands elsewhere, whole', () => {
    expect(given(emptyChain).when(part(0, [observation(1)]))).toMatchObject({
      records: [],
      cursors: [],
      outcomes: [{ kind: 'dropped' }],
    });
    const moved = given(emptyChain, { revisions: new Map([[integrationStream, 2]]) }).when(part(-1, [observation(1)]));
    expect(moved).toMatchObject({ records: [], cursors: [], outcomes: [{ kind: 'dropped' }] });
  });

  it('§8.2 takes part n+1 where part n ends, in one batch, and nothing that overtakes', () => {
    const batch = given(emptyChain).when(
      part(-1, [observation(1)]),
      part(1, [observation(3)]),
      part(0, [observation(2)]),
    );
    expect(batch.outcomes.map(({ kind }) => kind)).toEqual(['sealed', 'dropped', 'sealed']);
    expect(batch.cursors.map(({ expectedRevision }) => expectedRevision)).toEqual([-1, 0]);
  });

  describe('a part that follows another of its poll', () => {
    const step = (expectedRevision: number, at: number, follows?: number): Partial<SealRequest> => ({
      cursor: {
        ...{ stream: cursorStream, expectedRevision, integrationRevision: 1, changes: [{ kind: 'mark', at }] },
        ...(follows === undefined ? {} : { follows: moved(follows) }),
      },
    });
    const moved = (at: number): string => hashText(sha256(moveBytes([{ kind: 'mark', at }])));
    const [own, next, foreign] = [step(-1, 4), step(0, 8, 4), step(-1, 1)];
    const one = (over: Partial<SealRequest>, number: number): SealInput => part(-1, [observation(number)], over);
    const outcomes = (batch: SealedBatch): string[] => batch.outcomes.map(({ kind }) => kind);

    it('§8.2 is taken after it, in the same batch or a later one', () => {
      expect(outcomes(given(emptyChain).when(one(own, 1), one(next, 2)))).toEqual(['sealed', 'sealed']);
      const revisions = new Map([...context().revisions, [cursorStream, 0]]);
      const later = given(emptyChain, { revisions, moves: new Map([[cursorStream, moved(4)]]) });
      expect(outcomes(later.when(one(next, 2)))).toEqual(['sealed']);
    });

    it('§8.2 is dropped when another poll, which saw less, has moved the cursor to the same revision', () => {
      const batch = given(emptyChain).when(one(foreign, 1), one(own, 2), one(next, 3));
      expect(outcomes(batch)).toEqual(['sealed', 'dropped', 'dropped']);
      const revisions = new Map([...context().revisions, [cursorStream, 0]]);
      const later = given(emptyChain, { revisions, moves: new Map([[cursorStream, moved(1)]]) });
      expect(later.when(one(next, 3))).toMatchObject({ records: [], outcomes: [{ kind: 'dropped' }] });
    });
  });

  it('§8.3 carries the cursor change in the metadata of the part’s last record', () => {
    const batch = given(emptyChain).when(part(-1, [observation(1), observation(2)]));
    expect(batch.records.map(({ metadata }) => metadata.cursors?.length ?? 0)).toEqual([0, 0, 1]);
    expect(batch.records.at(-1)?.metadata.cursors?.[0]).toMatchObject({ stream: cursorStream, expectedRevision: -1 });
  });

  it('§8.4 looks duplicates up in the chain and in the batch being written', () => {
    const known = identity.of(observation(1).fact);
    const batch = given(emptyChain, { known: (one) => (one === known ? 3 : null) }).when(
      part(-1, [observation(1)]),
      seal(observation(2)),
      seal(observation(2)),
    );
    expect(types(batch)).toEqual(['LOG_CREATED', 'TRAINING_COMPLETED']);
    expect(batch.outcomes.every(({ kind }) => kind === 'sealed')).toBe(true);
    expect(batch.cursors).toHaveLength(1);
  });

  it.each([
    ['a payload that cannot be hashed', { payload: { a: '\ud800' } }],
    ['a payload that is too large', { payload: { a: 'x'.repeat(300_000) } }],
    ['a time of another form', { timestamp: '2026-03-02' }],
    ['an event type of another form', { eventType: 'training completed' }],
    ['tags that would fill a record', { tags: Array.from({ length: 32 }, () => '\u0001'.repeat(128)) }],
    ['too many tags', { tags: Array.from({ length: 33 }, (_, index) => `t${index}`) }],
  ])('§8.5 %s does not hold the others: EVIDENCE_LOST stands in its place', (_name, over) => {
    const batch = given(emptyChain).when(
      part(-1, [observation(1), observation(2, over as Partial<Observation>), observation(3)]),
    );
    expect(types(batch)).toEqual(['LOG_CREATED', 'TRAINING_COMPLETED', 'EVIDENCE_LOST', 'TRAINING_COMPLETED']);
    expect(batch.outcomes).toMatchObject([{ kind: 'sealed', dead: [{ observation: { fact: observation(2).fact } }] }]);
    const again = given(batch.state, {
      known: (one) => (batch.records.some((record) => record.identity === one) ? 1 : null),
    }).when(seal(observation(2)));
    expect(again.records).toEqual([]);
    // Whether its copy was made before somebody died, nobody knows.
    expect(again.outcomes).toMatchObject([{ kind: 'sealed', dead: [{ observation: { fact: observation(2).fact } }] }]);
  });

  it('never lets recordedAt go back', () => {
    const first = given(emptyChain).when(seal(observation(1)));
    const second = given(first.state, { now: '2026-03-01T00:00:00.000Z' }).when(seal(observation(2)));
    expect(parseRecord(second.records[0]?.bytes as Uint8Array).recordedAt).toBe('2026-03-02T12:00:00.000Z');
  });

  it('moves on to the next segment after 1,000 entries', () => {
    const batch = given({ ...emptyChain, segmentEntries: 999 }).when(seal(observation(1)));
    expect(batch.records.map(({ payload }) => [payload.segment, payload.revision])).toEqual([
      [0, 999],
      [1, 0],
    ]);
  });

  it('§8.10 seals a user’s event once per key, and asks the second of a batch again', () => {
    const batch = given(emptyChain).when(api(), api(), api({ idempotencyKey: 'other', severity: 'LOUD' as never }));
    expect(batch.outcomes).toMatchObject([{ kind: 'appended', position: 1 }, { kind: 'again' }, { kind: 'refused' }]);
  });
});
