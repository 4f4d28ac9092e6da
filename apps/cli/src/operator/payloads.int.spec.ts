import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@audital/chain/node';
import { partitionOf } from '@audital/contracts';
import { organisationId, startNats, tempFolder, type TempFolder, type TestNats } from '@audital/testing';
import { type Command, UsageError } from '../command';
import { Terminal } from '../terminal';
import { holdCommand, retentionCommand } from './policy';
import { redactCommand } from './redact';

const [OWN, OTHER] = [organisationId(1), organisationId(2)];
const PARTITIONS = 4;
const partition = partitionOf(sha256(new TextEncoder().encode(OWN)), PARTITIONS);

let nats: TestNats;
let folder: TempFolder;
/** What was asked, and the next answer to everything. */
let asked: { subject: string; body: Record<string, unknown> }[];
let answer: unknown;

beforeAll(async () => {
  nats = await startNats();
  folder = tempFolder();
  mkdirSync(join(folder.path, 'secrets'));
  const run = { nats: nats.url.replace('nats://', `nats://viewer:${nats.passwords['viewer']}@`), organisationId: OWN };
  writeFileSync(join(folder.path, 'run.json'), JSON.stringify(run));
  writeFileSync(join(folder.path, 'secrets', 'nats.json'), JSON.stringify(nats.passwords));
  for (const [user, subject] of [
    ['integration-registry', 'ask.registry.>'],
    ['chain-writer', 'ask.chain.>'],
  ] as const) {
    const { connection } = await nats.connect(user);
    connection.subscribe(subject, {
      callback: (_error, message) => {
        asked.push({ subject: message.subject, body: message.json() });
        message.respond(JSON.stringify(answer));
      },
    });
    await connection.flush();
  }
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await nats.stop();
  folder.remove();
});

async function run(command: Command, targets: string[], values: Record<string, string> = {}, json = false) {
  let out = '';
  let err = '';
  const terminal = new Terminal({ write: (text) => (out += text) }, { write: (text) => (err += text) }, json);
  const code = await command.run({ values: { data: folder.path, ...values }, targets, terminal });
  return { code, out, err };
}

const WHY = { reason: 'asked for', 'legal-basis': 'GDPR_ART_17' };
const done = { id: 'evt_1', chainPosition: 9, redacted: [3, 4], pending: [] };
const pending = { ...done, pending: [{ where: 'AUDIT', reason: 'NATS is away.' }] };

describe('audital redact', () => {
  it('asks the chain-writer of the organisation’s partition, positions and ids told apart, and says what is gone', async () => {
    answer = { ok: done };
    const id = 'evt_01HZABCDEFGHJKMNPQRSTVWXYZ';
    const { code, out, err } = await run(redactCommand, ['3', id], {
      ...WHY,
      who: 'ada',
      partitions: String(PARTITIONS),
    });
    expect(code).toBe(0);
    expect(out).toContain('evt_1 at position 9 says that positions 3, 4 lost the payload.\nEvery copy');
    const [{ subject, body }] = asked as [(typeof asked)[0]];
    expect(subject).toBe(`ask.chain.${partition}.redact`);
    expect(body).toMatchObject({
      ...{ v: 1, organisationId: OWN, positions: [3], eventIds: [id], who: 'ada', reason: 'asked for' },
      ...{ legalBasis: 'GDPR_ART_17', requestId: expect.stringMatching(/^req_[0-9A-Z]{26}$/) },
    });
    expect(err).toBe(`Request ${String(body['requestId'])}\n`);
  });

  it('takes an earlier request’s id, and another organisation', async () => {
    answer = { ok: done };
    const requestId = 'req_01HZABCDEFGHJKMNPQRSTVWXYZ';
    await run(redactCommand, ['3'], { ...WHY, organisation: OTHER, 'request-id': requestId });
    expect(asked[0]?.body).toMatchObject({ organisationId: OTHER, requestId, who: userInfo().username });
  });

  it.each([false, true])('ends with 1 when a copy is not gone yet, or it is refused (--json: %p)', async (json) => {
    answer = { ok: pending };
    const waiting = await run(redactCommand, ['3'], WHY, json);
    expect(waiting.code).toBe(1);
    if (json) expect(JSON.parse(waiting.out)).toEqual({ ok: pending });
    else expect(waiting.out).toContain('Not gone yet, tried again by itself: AUDIT: NATS is away.');
    answer = { rejected: { code: 'LEGAL_HOLD', message: 'The organisation is under legal hold.', problems: [] } };
    const refused = await run(redactCommand, ['3'], WHY, json);
    expect(refused.code).toBe(1);
    if (json) expect(JSON.parse(refused.out)).toMatchObject({ rejected: { code: 'LEGAL_HOLD' } });
    else expect(refused.err).toContain('Refused (LEGAL_HOLD): The organisation is under legal hold.');
  });

  it.each<[string, string[], Record<string, string>]>([
    ['no event', [], WHY],
    ['something that is neither position nor id', ['three'], WHY],
    ['no reason', ['3'], { 'legal-basis': 'OTHER' }],
    ['an empty reason', ['3'], { ...WHY, reason: ' ' }],
    ['no legal basis', ['3'], { reason: 'asked for' }],
    ['no partition', ['3'], { ...WHY, partitions: '0' }],
  ])('asks nobody when given %s', async (_what, targets, values) => {
    await expect(run(redactCommand, targets, values)).rejects.toBeInstanceOf(UsageError);
    expect(asked).toEqual([]);
  });
});

const policy = {
  retentionDays: 365,
  holds: [{ name: 'case-7', reason: 'a lawsuit', placedAt: '2026-03-02T11:00:00.000Z' }],
};

describe('audital retention', () => {
  it('shows what is in force', async () => {
    answer = { ok: policy };
    expect(await run(retentionCommand, ['show'])).toMatchObject({
      code: 0,
      out: 'Payloads are kept for 365 days.\nLegal hold "case-7" since 2026-03-02T11:00:00.000Z: a lawsuit\n',
    });
    expect(asked).toEqual([{ subject: 'ask.registry.show-policy', body: { organisationId: OWN } }]);
  });

  it('sets the days, in the name of who asks', async () => {
    answer = { ok: { ...policy, holds: [] } };
    const { code, out } = await run(retentionCommand, ['set', '365'], { who: 'ada' });
    expect([code, out]).toEqual([0, 'Payloads are kept for 365 days.\nNo legal hold is in force.\n']);
    const body = { organisationId: OWN, who: 'ada', retentionDays: 365 };
    expect(asked).toEqual([{ subject: 'ask.registry.set-retention', body }]);
  });

  it.each([[[]], [['set']], [['set', 'a year']], [['set', '365', '366']], [['show', '365']], [['forget']]])(
    'does not know %j',
    async (targets) => {
      await expect(run(retentionCommand, targets)).rejects.toBeInstanceOf(UsageError);
      expect(asked).toEqual([]);
    },
  );
});

describe('audital hold', () => {
  it.each(['place', 'lift'])('asks the registry to %s it, with the reason', async (verb) => {
    answer = { ok: policy };
    expect(await run(holdCommand, [verb, 'case-7'], { reason: 'a lawsuit', who: 'ada' })).toMatchObject({ code: 0 });
    const body = { organisationId: OWN, who: 'ada', name: 'case-7', reason: 'a lawsuit' };
    expect(asked).toEqual([{ subject: `ask.registry.${verb}-hold`, body }]);
  });

  it('passes the registry’s refusal on', async () => {
    answer = { rejected: { code: 'HOLD_NOT_FOUND', message: 'There is no legal hold "x".', problems: [] } };
    const { code, err } = await run(holdCommand, ['lift', 'x'], { reason: 'settled' });
    expect([code, err]).toEqual([1, 'Refused (HOLD_NOT_FOUND): There is no legal hold "x".\n']);
  });

  it.each<[string[], Record<string, string>]>([
    [['place'], { reason: 'x' }],
    [['place', 'case-7'], {}],
    [['keep', 'case-7'], { reason: 'x' }],
    [['lift', 'case-7', 'case-8'], { reason: 'x' }],
  ])('does not know %j with %j', async (targets, values) => {
    await expect(run(holdCommand, targets, values)).rejects.toBeInstanceOf(UsageError);
    expect(asked).toEqual([]);
  });
});
