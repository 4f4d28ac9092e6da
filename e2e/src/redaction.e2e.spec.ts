import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type AuditEvent, type OrganisationId, type RedactReply } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { root, System, verifyFolder } from './system';
import { finishErasure, giveLedger, openSystemLedger, takeLedger } from './system-ledger';

const PLANTED = 'Grace-Hopper-of-Arlington-1906';

let folder: TempFolder;
let system: System;
let vkey = '';

beforeAll(async () => {
  folder = tempFolder();
  await giveLedger(join(folder.path, 'data'));
  system = await new System(join(folder.path, 'data'), ['--speed', '600']).started();
  await system.says('TRAINING_COMPLETED', 90_000);
  vkey = (await system.call<string>('GET', '/v1/log/vkey')).body.trim();
}, 120_000);

afterAll(async () => {
  await system.stop();
  await verifyFolder(system.data);
  await takeLedger(system.data);
  folder.remove();
}, 60_000);

function audital(...args: string[]): { code: number | null; out: string; err: string } {
  const bin = join(root, 'apps/cli/dist/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args, '--data', system.data], {
    encoding: 'utf8',
    cwd: folder.path,
  });
  return { code: status, out: stdout, err: stderr };
}

const because = (...args: string[]): string[] => [
  ...args,
  ...['--reason', 'asked for', '--legal-basis', 'GDPR_ART_17', '--who', 'ada'],
];

/** Files of the data folder that hold the text, raw. The simulated AWS is a customer's, and keeps its own. */
function filesHolding(text: string): string[] {
  const files = readdirSync(system.data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((file) => !relative(system.data, file).startsWith('simulator'))
    .filter((file) => readFileSync(file).includes(text))
    .map((file) => relative(system.data, file));
}

const post = async (payload: Record<string, unknown>): Promise<AuditEvent> => {
  const event = { eventType: 'HUMAN_REVIEW', source: 'API', severity: 'INFO', payload };
  const { status, body } = await system.call<AuditEvent>('POST', '/v1/audit', { body: event });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
};

const get = async (id: string): Promise<AuditEvent> => (await system.call<AuditEvent>('GET', `/v1/audit/${id}`)).body;

async function verified(id: string): Promise<AuditEvent> {
  return eventually(async () => [await get(id)].find((event) => event.verified), { what: `A checkpoint over ${id}` });
}

describe('audital redact, on a running system', () => {
  it('erases a payload wherever it lies: the data folder holds it nowhere', async () => {
    const { id } = await post({ reviewer: PLANTED, approved: true });
    const event = await verified(id);
    await eventually(() => filesHolding(PLANTED).some((file) => file.startsWith('nats')), {
      what: 'The event in AUDIT',
    });
    const { code, out, err } = audital('redact', id, ...because(), '--json');
    expect([code, err]).toEqual([0, expect.stringMatching(/^Request req_\w{26}\n$/)]);
    const { ok } = JSON.parse(out) as { ok: RedactReply };
    expect(ok).toMatchObject({ redacted: [event.chainPosition], pending: [] });
    expect(filesHolding(PLANTED)).toEqual([]);
    expect(finishErasure(system.data, PLANTED)).toEqual([]);
    await verified(ok.id);
    const redacted = await eventually(
      async () => [await get(id)].find((one) => one.verification.status === 'redacted'),
      {
        what: 'The event as redacted',
      },
    );
    expect(redacted).toMatchObject({ payload: null, verified: false, blockHash: event.blockHash });
    expect(redacted.verification.reason).toContain(ok.id);
    expect(await get(ok.id)).toMatchObject({
      eventType: 'PAYLOAD_REDACTED',
      actor: { type: 'USER', id: 'ada' },
      payload: { positions: [event.chainPosition], reason: 'asked for', legalBasis: 'GDPR_ART_17' },
    });
    const listed = (await system.events()).find((one) => one.id === id);
    expect(listed).toMatchObject({ payload: null, verification: { status: 'redacted' } });
    const proof = await system.call<{ payload: string | null }>('GET', `/v1/audit/${id}/proof`);
    expect([proof.status, proof.body.payload]).toEqual([200, null]);
  }, 60_000);

  it('both verifiers find the redaction, and no fault', async () => {
    const target = join(folder.path, 'export');
    await eventually(
      async () => (await system.call<{ verdict: string }>('GET', '/v1/audit/chain-status')).body.verdict === 'VERIFIED',
      {
        what: 'A valid chain',
        deadlineMs: 30_000,
      },
    );
    expect(audital('export', target).code).toBe(0);
    const { code, out } = spawned('verify', target, '--vkey', vkey, '--json');
    expect([code, JSON.parse(out)]).toMatchObject([0, { verdict: 'ok', findings: [{ kind: 'REDACTED' }] }]);
    const own = spawnSync(process.execPath, [join(target, 'verify.mjs'), target, '--vkey', vkey, '--json'], {
      encoding: 'utf8',
    });
    expect([own.status, JSON.parse(own.stdout)]).toMatchObject([
      0,
      { verdict: 'ok', findings: [{ kind: 'REDACTED' }] },
    ]);
  }, 60_000);

  it('erases what a collector sent too, which passed the work queue', async () => {
    const events = await system.events();
    const training = events.find(({ eventType }) => eventType === 'TRAINING_COMPLETED') as AuditEvent;
    const elsewhere = JSON.stringify(events.filter(({ id }) => id !== training.id)) + (await cursors());
    const { payload, ...record } = training;
    // Texts of this payload alone, that are stored as they are read.
    const own = textsIn(payload).filter(
      (text) => /^[\w :./-]{8,}$/.test(text) && !(elsewhere + JSON.stringify(record)).includes(text),
    );
    expect(own).not.toEqual([]);
    expect(filesHolding(own[0] as string).length).toBeGreaterThan(0);
    expect(audital('redact', String(training.chainPosition), ...because())).toMatchObject({ code: 0 });
    // The story goes on: what a later event says again is that event's.
    const left = async (): Promise<string[]> => {
      const others = JSON.stringify((await system.events()).filter(({ id }) => id !== training.id)) + (await cursors());
      const gone = own.filter((text) => !others.includes(text));
      return gone.length === 0
        ? ['no text is this event’s alone']
        : gone.flatMap((text) => filesHolding(text).map((file) => `${file}: ${text}`));
    };
    await eventually(async () => (await left()).length === 0, { what: 'A data folder without the payload' }).catch(
      async () => expect(await left()).toEqual([]),
    );
  }, 60_000);

  it('is refused under a legal hold, which the chain shows', async () => {
    const { id } = await post({ reviewer: 'somebody' });
    await verified(id);
    expect(audital('hold', 'place', 'case-7', '--reason', 'a lawsuit')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Legal hold "case-7"'),
    });
    expect(audital('redact', id, ...because())).toMatchObject({ code: 1, err: expect.stringContaining('LEGAL_HOLD') });
    expect(audital('hold', 'lift', 'case-7', '--reason', 'settled')).toMatchObject({ code: 0 });
    expect(audital('retention', 'set', '30')).toMatchObject({ code: 1, err: expect.stringContaining('183') });
    expect(audital('retention', 'set', '365')).toMatchObject({ code: 0 });
    expect(audital('retention', 'show').out).toBe('Payloads are kept for 365 days.\nNo legal hold is in force.\n');
    const changes = ['LEGAL_HOLD_PLACED', 'LEGAL_HOLD_LIFTED', 'RETENTION_SET'];
    await eventually(
      async () => {
        const told = (await system.events()).map(({ payload }) => payload?.['change']);
        return changes.every((change) => told.includes(change));
      },
      { what: 'The changes in the chain' },
    );
    expect(audital('redact', '0', ...because())).toMatchObject({
      code: 1,
      err: expect.stringContaining('NEVER_REDACTED'),
    });
    expect(audital('redact', id)).toMatchObject({ code: 2 });
  }, 60_000);

  it('makes an organisation with a chain of its own', async () => {
    const { code, out } = audital('organisations', 'create', 'Acme Bank', '--json');
    expect(code).toBe(0);
    const { ok } = JSON.parse(out) as { ok: { organisationId: OrganisationId; apiKey: string } };
    const { status } = await system.call('GET', '/v1/audit', { key: ok.apiKey });
    expect(status).toBe(200);
    expect(ok.organisationId).not.toBe(system.run.organisationId);
  }, 60_000);
});

/** `verify` reads files, and knows no data folder. */
function spawned(...args: string[]): { code: number | null; out: string } {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'apps/cli/dist/main.js'), ...args], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout };
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= 12 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The collector's working memory names jobs and endpoints; it holds no payload. */
async function cursors(): Promise<string> {
  const ledger = await openSystemLedger(system.data);
  try {
    const ended = new AbortController();
    const texts: string[] = [];
    await ledger.follow(
      { category: 'cursor-', afterPosition: null },
      ({ data }) => void texts.push(Buffer.from(data).toString()),
      {
        signal: ended.signal,
        onCaughtUp: () => ended.abort(),
      },
    );
    return texts.join('\n');
  } finally {
    await ledger.close();
  }
}
