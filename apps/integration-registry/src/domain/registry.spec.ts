import {
  type DoctorRow,
  evolveIntegration,
  type Integration,
  type IntegrationEvent,
  makeApiKey,
  parseApiKey,
  type RegisterIntegration,
  type TestReply,
} from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { configChange } from './config-change';
import { type Change, decideChange, decideOutcome, decideRegistration } from './integration';
import { birthOf, decideBirth } from './organisation';

const by = { type: 'API_KEY', id: 'key' } as const;
const at = '2026-03-02T11:00:00.000Z';
const target = {
  awsAccountId: '123456789012',
  region: 'eu-west-2',
  roleArn: 'arn:aws:iam::123456789012:role/Audital',
  externalId: 'aud_ext_00000000000000000000',
};
const settings = {
  name: null,
  environment: null,
  syncInterval: 60,
  filters: { namePrefix: 'credit' as string | null, tags: { Environment: 'production' } as Record<string, string> },
  captureMetrics: true,
  captureHyperparameters: true,
  captureTrainingStarted: false,
  backfillDays: 0,
  modelIdentity: { tag: null },
};
const request: RegisterIntegration = { organisationId: organisationId(), by, target, settings };
const registered: IntegrationEvent = {
  type: 'IntegrationRegistered',
  data: { at, by, integrationId: integrationId(), organisationId: organisationId(), target, settings },
};
const activated: IntegrationEvent = { type: 'IntegrationActivated', data: { at, by, rows: [] } };

const given = (...events: IntegrationEvent[]): Integration | null =>
  events.reduce<Integration | null>((state, event, revision) => evolveIntegration(state, event, revision), null);
const registering = (over: Partial<RegisterIntegration>, ...events: IntegrationEvent[]) =>
  decideRegistration(
    { ...request, ...over },
    { externalIds: [target.externalId], integrations: events.length ? [given(...events) as Integration] : [] },
  );

describe('registering', () => {
  it('accepts the first', () => expect(registering({})).toEqual({ kind: 'new', idempotency: null }));

  it('answers a repetition under its Idempotency-Key with what it made, also after a change, and refuses another request', () => {
    const { idempotency } = registering({ idempotencyKey: 'once' }) as { idempotency: { key: string; digest: string } };
    const first = { ...registered, data: { ...registered.data, idempotency } } as IntegrationEvent;
    const changed: IntegrationEvent = {
      type: 'IntegrationUpdated',
      data: { at, by, settings: { ...settings, syncInterval: 90 } },
    };
    expect(registering({ idempotencyKey: 'once' }, first, changed)).toMatchObject({ kind: 'replayed' });
    const other = { idempotencyKey: 'once', settings: { ...settings, syncInterval: 300 } };
    expect(() => registering(other, first)).toThrow(/another request/);
  });

  it('takes either external id while one is being replaced', () => {
    const next = 'aud_ext_22222222222222222222';
    const both = { externalIds: [target.externalId, next], integrations: [given(registered) as Integration] };
    expect(decideRegistration({ ...request, target: { ...target, externalId: next } }, both).kind).toBe('exists');
  });

  it('answers an equal live integration, whatever the order of its fields, and writes nothing', () => {
    const reordered = {
      ...settings,
      filters: { tags: settings.filters.tags, namePrefix: settings.filters.namePrefix },
    };
    expect(registering({ settings: reordered }, registered, activated)).toMatchObject({ kind: 'exists' });
  });

  it.each([
    [
      'another external id',
      { target: { ...target, externalId: 'aud_ext_11111111111111111111' } },
      'EXTERNAL_ID_MISMATCH',
    ],
    [
      'a role of another account',
      { target: { ...target, roleArn: 'arn:aws:iam::210987654321:role/Audital' } },
      'ACCOUNT_MISMATCH',
    ],
    [
      'a prefix inside the other',
      { settings: { ...settings, filters: { ...settings.filters, namePrefix: 'credit-scorer' } } },
      'INTEGRATION_OVERLAPS',
    ],
    [
      'no filters at all',
      { settings: { ...settings, filters: { namePrefix: null, tags: {} } } },
      'INTEGRATION_OVERLAPS',
    ],
  ])('refuses %s', (_name, over, code) => {
    expect(() => registering(over, registered)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['another prefix', { ...settings, filters: { ...settings.filters, namePrefix: 'fraud' } }],
    ['another value of one tag', { ...settings, filters: { ...settings.filters, tags: { Environment: 'staging' } } }],
  ])('accepts %s beside it', (_name, other) =>
    expect(registering({ settings: other }, registered)).toMatchObject({ kind: 'new' }),
  );

  it('accepts the same again once it was removed', () => {
    expect(registering({}, registered, { type: 'IntegrationRemoved', data: { at, by } })).toMatchObject({
      kind: 'new',
    });
  });
});

describe('changing', () => {
  const change = (what: Change, ...events: IntegrationEvent[]): string[] =>
    decideChange(what, given(...events), { at, by, settings: { ...settings, syncInterval: 120 } }).map(
      ({ type }) => type,
    );
  const paused: IntegrationEvent = { type: 'IntegrationPaused', data: { at, by } };
  const removed: IntegrationEvent = { type: 'IntegrationRemoved', data: { at, by } };
  const resumed: IntegrationEvent = { type: 'IntegrationResumed', data: { at, by } };
  const refused: IntegrationEvent = {
    type: 'IntegrationRefused',
    data: { at, by, rows: [], reason: { code: 'INSECURE_TRUST_POLICY', message: 'open' } },
  };

  it('pauses, resumes, updates and removes; doing it again is harmless', () => {
    expect(change('pause', registered, activated)).toEqual(['IntegrationPaused']);
    expect(change('pause', registered, activated, paused)).toEqual([]);
    expect(change('resume', registered, activated, paused)).toEqual(['IntegrationResumed']);
    expect(change('resume', registered, activated, paused, resumed)).toEqual([]);
    expect(change('pause', registered, activated, paused, resumed)).toEqual(['IntegrationPaused']);
    expect(change('update', registered)).toEqual(['IntegrationUpdated']);
    expect(change('remove', registered, activated)).toEqual(['IntegrationRemoved']);
    expect(change('remove', registered, removed)).toEqual([]);
  });

  it('waits for the doctor again once it is resumed', () =>
    expect(given(registered, activated, paused, resumed)).toMatchObject({ status: 'PENDING', activeSince: null }));

  it('refuses what cannot be', () => {
    expect(() => change('resume', registered, activated, refused)).toThrow(
      expect.objectContaining({ code: 'INTEGRATION_STATUS' }),
    );
    expect(() => change('resume', registered, removed)).toThrow(
      expect.objectContaining({ code: 'INTEGRATION_NOT_FOUND' }),
    );
    expect(() => change('remove')).toThrow(expect.objectContaining({ code: 'INTEGRATION_NOT_FOUND' }));
  });
});

describe('the outcome of a test', () => {
  const row = (check: string, status: DoctorRow['status']): DoctorRow => ({
    ...{ check, status, detail: '', loss: null, statement: null },
  });
  const [tags, models] = ['sagemaker:ListTags', 'sagemaker:DescribeModel'] as const;
  const reply = (what: TestReply['outcome'], rows: DoctorRow[] = []): TestReply => ({
    outcome: what,
    reason: what === 'REFUSED' ? { code: 'INSECURE_TRUST_POLICY', message: 'open' } : null,
    testedAt: at,
    rows,
  });
  /** The integration after each of these answers, and what the last of them appended. */
  const after = (state: Integration | null, ...replies: TestReply[]) =>
    replies.reduce<{ state: Integration | null; events: IntegrationEvent[] }>(
      (before, one) => {
        const events = decideOutcome(before.state, one, by);
        const next = (from: Integration | null, event: IntegrationEvent) =>
          evolveIntegration(from, event, (from?.revision ?? -1) + 1);
        return { state: events.reduce(next, before.state), events };
      },
      { state, events: [] },
    );
  const outcome = (state: Integration | null, ...replies: TestReply[]): string[] =>
    after(state, ...replies).events.map(({ type }) => type);

  it('activates or refuses what waits for it, and leaves alone what does not', () => {
    expect(outcome(given(registered), reply('ACCEPTED'))).toEqual(['IntegrationActivated']);
    expect(outcome(given(registered), reply('REFUSED'))).toEqual(['IntegrationRefused']);
    expect(outcome(given(registered, activated), reply('ACCEPTED'))).toEqual([]);
    const removed: IntegrationEvent = { type: 'IntegrationRemoved', data: { at, by } };
    expect(outcome(given(registered, removed), reply('ACCEPTED'))).toEqual([]);
    expect(outcome(given(registered, activated), reply('REFUSED'), reply('ACCEPTED'))).toEqual([
      'IntegrationActivated',
    ]);
  });

  it('tells of a permission that came or went, and is no second activation', () => {
    const first = reply('ACCEPTED', [row(tags, 'DENIED'), row(models, 'GRANTED')]);
    const granted = reply('ACCEPTED', [row(tags, 'GRANTED'), row(models, 'GRANTED')]);
    const { state, events } = after(given(registered), first, granted);
    expect(events).toMatchObject([
      { type: 'IntegrationChecksChanged', data: { changes: [{ check: tags, before: 'DENIED', after: 'GRANTED' }] } },
    ]);
    expect(state).toMatchObject({ status: 'ACTIVE', activeSince: at, test: { rows: granted.rows } });
    const told = (event: IntegrationEvent) =>
      configChange(event, { stream: 'integration-x', revision: 2, integrationId: integrationId() });
    expect(told(events[0] as IntegrationEvent)).toMatchObject({
      severity: 'INFO',
      payload: { change: 'INTEGRATION_CHECKS_CHANGED', changes: [{ check: tags }] },
    });
    const [lost] = after(state, first).events;
    expect(told(lost as IntegrationEvent).severity).toBe('MEDIUM');
    expect(outcome(state, granted)).toEqual([]);
  });

  it('takes no answer for no news: what was throttled or left out stands as it was last known', () => {
    const granted = reply('ACCEPTED', [row(tags, 'GRANTED'), row(models, 'SKIPPED')]);
    const throttled = reply('ACCEPTED', [row(tags, 'THROTTLED'), row(models, 'THROTTLED')]);
    expect(outcome(given(registered), granted, throttled)).toEqual([]);
    expect(outcome(given(registered), granted, throttled, granted)).toEqual([]);
    const denied = reply('ACCEPTED', [row(tags, 'DENIED'), row(models, 'GRANTED')]);
    expect(after(given(registered), granted, throttled, denied).events).toMatchObject([
      {
        data: {
          changes: [
            { check: tags, before: 'GRANTED', after: 'DENIED' },
            { check: models, before: null, after: 'GRANTED' },
          ],
        },
      },
    ]);
  });
});

describe('making an organisation', () => {
  const key = makeApiKey('ak_live_', new Uint8Array(32).fill(9));
  const seed = { bytes: new Uint8Array(32).fill(5), keyHmac: 'ab'.repeat(32) };
  const { organisationId: id, sandboxId, externalId } = birthOf(seed);
  const wanted = {
    organisationId: id,
    siblingId: sandboxId,
    kind: 'LIVE' as const,
    name: 'Bank',
    externalId,
    firstKey: { hmac: seed.keyHmac, text: key },
    at,
    by,
  };

  it('finds the same for the same key, whenever it is asked', () =>
    expect(birthOf(seed)).toEqual({ organisationId: id, sandboxId, externalId }));

  it('does what is still missing, and stores no key', () => {
    const events = decideBirth(null, wanted);
    expect(events.map(({ type }) => type)).toEqual(['OrganisationCreated', 'ExternalIdIssued', 'ApiKeyCreated']);
    expect(JSON.stringify(events)).not.toContain(key);
  });

  it('a key tells a typing error by itself', () => {
    expect(parseApiKey(key)).toEqual({ prefix: 'ak_live_', last4: key.slice(-4) });
    expect(parseApiKey(key.replace(key[12] as string, key[12] === 'x' ? 'y' : 'x'))).toBeNull();
  });
});

describe('the audit of the audit', () => {
  it('says what changed, and neither external id nor HMAC', () => {
    const observation = configChange(registered, {
      stream: `integration-${integrationId()}`,
      revision: 0,
      integrationId: integrationId(),
    });
    expect(observation).toMatchObject({
      eventType: 'CONFIG_CHANGE',
      payload: { change: 'INTEGRATION_REGISTERED', settings: { syncInterval: 60 } },
    });
    expect(JSON.stringify(observation)).not.toContain(target.externalId);
    const created = configChange(
      {
        type: 'ApiKeyCreated',
        data: { at, by, keyId: 'key_1', label: 'l', prefix: 'ak_live_', last4: 'abcd', hmac: 'deadbeef', scopes: [] },
      },
      { stream: 'organisation-x', revision: 2, integrationId: null },
    );
    expect(JSON.stringify(created)).not.toContain('deadbeef');
  });
});

describe('a change of settings', () => {
  it('is told field by field, before and after, tags as one', () => {
    const after = {
      ...settings,
      syncInterval: 120,
      captureMetrics: false,
      filters: { namePrefix: null, tags: { Environment: 'staging', Team: 'risk' } },
    };
    const [event] = decideChange('update', given(registered, activated), { at, by, settings: after });
    const { payload } = configChange(event as IntegrationEvent, {
      stream: 'integration-x',
      revision: 2,
      integrationId: integrationId(),
    });
    expect(payload['changes']).toEqual([
      { pointer: '/syncInterval', before: 60, after: 120 },
      { pointer: '/filters/namePrefix', before: 'credit', after: null },
      {
        pointer: '/filters/tags',
        before: { Environment: 'production' },
        after: { Environment: 'staging', Team: 'risk' },
      },
      { pointer: '/captureMetrics', before: true, after: false },
    ]);
    expect(payload['settings']).toEqual(after);
  });
});
