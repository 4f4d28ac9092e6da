import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256 } from '@audital/chain/node';
import { canonicalBytes, leafHash, nodeHash, toBase64 } from '@audital/chain/write';
import { seeded } from '@audital/testing';
import { type Draft, draftOf, sampleExport, Sealer } from '../drill/attacker';
import { isAsExpected } from '../drill/command';
import { type Original, type Pick, TAMPERINGS } from '../drill/tamperings';
import { verifyExportFile } from './export-file';

const LONG = process.env['AUDITAL_LONG'] === '1';
const FLIPS = LONG ? 500 : 60;
const TRIES = LONG ? 50 : 8;
const SEED = 20261124;

const ORIGIN = 'drill.audital.local/log/org_00000000000000000000000000';
let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'audital-agreement-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  name: string;
  bytes: Uint8Array;
  vkeys: string[];
}

interface Told {
  verdict: string;
  exitCode: number;
  trust: string;
  origin: string | null;
  events: number;
  first: number | null;
  last: number | null;
  checkpoint: unknown;
  findings: { kind: string; position: number }[];
}

/** The other verifier, in a Node of its own: it is what an auditor runs. */
function askVerifyMjs(cases: { path: string; vkeys: string[] }[]): Told[] {
  const script = `import { verifyExport } from ${JSON.stringify(resolve(__dirname, '..', '..', 'verify.mjs'))};
    import { readFileSync } from 'node:fs';
    for (const { path, vkeys } of JSON.parse(readFileSync(0))) console.log(JSON.stringify(await verifyExport(path, { vkeys })));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}

const EXIT: Record<string, number> = { ok: 0, tampered: 10, caveats: 11, nothing: 12 };
const comparable = ({
  verdict,
  trust,
  origin,
  events,
  first,
  last,
  checkpoint,
  findings,
}: Omit<Told, 'exitCode'>): object => ({
  ...{ verdict, trust, origin, events, first, last, checkpoint },
  findings: findings.map(({ kind, position }) => `${kind} ${position}`),
});

/** Both verifiers' answers to each case, which must be the same to the last finding. */
function ask(cases: Case[]): Told[] {
  const files = cases.map(({ bytes, vkeys }, index) => {
    const path = join(folder, `${index}.ndjson`);
    writeFileSync(path, bytes);
    return { path, vkeys };
  });
  const theirs = askVerifyMjs(files);
  expect(theirs).toHaveLength(cases.length);
  return files.map(({ path, vkeys }, index) => {
    const ours = verifyExportFile(path, { vkeys });
    const their = theirs[index] as Told;
    const name = cases[index]?.name;
    expect({ name, ...comparable(their) }).toEqual({ name, ...comparable(ours) });
    expect(their.exitCode).toBe(EXIT[ours.verdict]);
    return their;
  });
}

const textOf = ({ lines, trailer }: Original): Buffer => Buffer.from([...lines, trailer, ''].join('\n'));
const pickFrom =
  (random: () => number): Pick =>
  (limit) =>
    Math.floor(random() * limit);

describe('both verifiers on the classes of tampering', () => {
  const { vkey, ...original } = sampleExport(40, 'agreement');

  it('agree on an untouched export', () => {
    const whole = textOf(original);
    const [pinned, unpinned, empty] = ask([
      { name: 'pinned', bytes: whole, vkeys: [vkey] },
      { name: 'unpinned', bytes: whole, vkeys: [] },
      { name: 'empty file', bytes: Buffer.alloc(0), vkeys: [vkey] },
    ]);
    expect([pinned?.verdict, unpinned?.verdict, empty?.verdict]).toEqual(['ok', 'caveats', 'nothing']);
    expect(pinned).toMatchObject({ events: 40, first: 0, last: 39, findings: [], checkpoint: { size: 40 } });
  });

  it.each(TAMPERINGS)('$name: found where it is, each time', ({ name, apply }) => {
    const pick = pickFrom(seeded(SEED));
    const bent = Array.from({ length: name.startsWith('flip') ? FLIPS : TRIES }, () => apply(original, pick));
    const answers = ask(bent.map(({ bytes, what }) => ({ name: what, bytes, vkeys: [vkey] })));
    const wrong = bent.filter(({ expected }, index) => !isAsExpected(answers[index] as Told, expected));
    expect(wrong.map(({ what }) => what)).toEqual([]);
    // Without a key of one's own, too, nothing but a whole new history signed by another key goes through, and that is never called verified.
    const unpinned = ask(bent.map(({ bytes, what }) => ({ name: what, bytes, vkeys: [] })));
    expect(unpinned.filter(({ verdict }) => verdict === 'ok')).toEqual([]);
    expect(unpinned.some(({ verdict }) => verdict === 'caveats')).toBe(name.includes('swap the key'));
  });
});

/** Redactions, a key handover, the first key retired, and an end signed by the second. */
function livedIn(o: { endorsedBy?: Sealer; signedBy?: Sealer } = {}): Original & { vkey: string } {
  const [first, second] = [new Sealer(sha256(Buffer.from('first'))), new Sealer(sha256(Buffer.from('second')))];
  const drafts = sampleExport(40, 'lived in').lines.map(draftOf);
  const edit = (at: number, record: Draft['record'], payload: object): void => {
    const draft = drafts[at] as Draft;
    draft.record = { ...draft.record, source: 'AUDITAL', ...record };
    draft.payload = canonicalBytes(payload);
  };
  const vkey = second.vkey(ORIGIN);
  const endorsement = (o.endorsedBy ?? first).note(ORIGIN, `audital.key-handover/v1\n${ORIGIN}\n${vkey}\n`);
  edit(12, { eventType: 'CONFIG_CHANGE', tags: ['KEY_CHANGE'] }, { kind: 'KEY_ADDED', vkey, endorsement });
  edit(16, { eventType: 'CONFIG_CHANGE', tags: ['KEY_CHANGE'] }, { kind: 'KEY_RETIRED', vkey: first.vkey(ORIGIN) });
  edit(20, { eventType: 'PAYLOAD_REDACTED' }, { positions: [7, 9], reason: 'asked for' });
  const sealed = second.seal(ORIGIN, drafts);
  const bare = (line: string): string => {
    const { chainPosition, record } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ chainPosition, record, salt: null, payload: null });
  };
  const lines = sealed.lines.map((line, at) => (at === 7 || at === 9 ? bare(line) : line));
  return { lines, trailer: (o.signedBy ?? second).trailer(sealed), vkey: first.vkey(ORIGIN) };
}

/** The last half of an export: the trailer brings the subtrees before it. */
function part(original: Original, from: number): Original {
  const leaves = original.lines.map((line) =>
    leafHash(sha256, Buffer.from((JSON.parse(line) as { record: string }).record, 'base64')),
  );
  const rootOf = (hashes: Uint8Array[]): Uint8Array =>
    hashes.length === 1
      ? (hashes[0] as Uint8Array)
      : nodeHash(sha256, rootOf(hashes.slice(0, hashes.length / 2)), rootOf(hashes.slice(hashes.length / 2)));
  const before: string[] = [];
  for (let at = 0, bit = 2 ** 30; bit >= 1; bit /= 2) {
    if (from - at < bit) continue;
    before.push(toBase64(rootOf(leaves.slice(at, at + bit))));
    at += bit;
  }
  const { trailer } = JSON.parse(original.trailer) as { trailer: { count: number } };
  const told = { ...trailer, count: trailer.count - from, first: from, before };
  return { lines: original.lines.slice(from), trailer: JSON.stringify({ trailer: told }) };
}

describe('both verifiers on chains that have lived', () => {
  const { vkey, ...whole } = livedIn();
  const half = part(whole, 21);

  it('follow a handover from the pinned key, and excuse what a redaction names', () => {
    const [all, some] = ask([
      { name: 'whole', bytes: textOf(whole), vkeys: [vkey] },
      { name: 'part', bytes: textOf(part(whole, 10)), vkeys: [vkey] },
    ]);
    expect(all).toMatchObject({ verdict: 'ok', findings: [{ kind: 'REDACTED' }, { kind: 'REDACTED' }] });
    expect(some).toMatchObject({ verdict: 'caveats', first: 10, last: 39 });
  });

  it('believe no handover that the pinned key did not sign', () => {
    const stranger = new Sealer(sha256(Buffer.from('stranger')));
    const [refused] = ask([{ name: 'stranger', bytes: textOf(whole), vkeys: [stranger.vkey(ORIGIN)] }]);
    expect(refused).toMatchObject({ verdict: 'tampered', findings: [{}, {}, { kind: 'INVALID', position: 40 }] });
  });

  it('believe no forged endorsement, and no retired key', () => {
    const [first, stranger] = [new Sealer(sha256(Buffer.from('first'))), new Sealer(sha256(Buffer.from('stranger')))];
    const forged = livedIn({ endorsedBy: stranger });
    const late = livedIn({ signedBy: first });
    const [unendorsed, retired, rebuilt] = ask([
      { name: 'forged endorsement', bytes: textOf(forged), vkeys: [vkey] },
      { name: 'signed by the retired key', bytes: textOf(late), vkeys: [vkey] },
      {
        name: 'both keys given',
        bytes: textOf(late),
        vkeys: [vkey, new Sealer(sha256(Buffer.from('second'))).vkey(ORIGIN)],
      },
    ]);
    const refused = { verdict: 'tampered', findings: [{}, {}, { kind: 'INVALID', position: 40 }] };
    expect([unendorsed, retired, rebuilt]).toMatchObject([refused, refused, refused]);
  });

  it('take the key change by its payload as it was sealed, and not by another', () => {
    const bent = whole.lines.with(12, (whole.lines[12] as string).replace(/"salt":"../, '"salt":"00'));
    const [answer] = ask([{ name: 'bent', bytes: textOf({ ...whole, lines: bent }), vkeys: [vkey] }]);
    expect(answer).toMatchObject({ verdict: 'tampered' });
    expect(answer?.findings.map(({ position }) => position)).toEqual([7, 9, 12, 40]);
  });

  it.each([
    ['whole', whole],
    ['part', half],
  ])('agree on whatever is done to the %s', (_name, original) => {
    const random = seeded(SEED);
    const pick = pickFrom(random);
    const cases = Array.from({ length: LONG ? 1000 : 150 }, (_, number): Case => {
      let lines = [...original.lines, original.trailer];
      for (let times = 1 + pick(3); times > 0; times -= 1) lines = bend(lines, pick);
      let bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
      if (pick(6) === 0) bytes = bytes.subarray(0, pick(bytes.length));
      return { name: `case ${number}`, bytes, vkeys: number % 3 === 0 ? [] : [vkey] };
    });
    const verdicts = new Set(ask(cases).map(({ verdict }) => verdict));
    expect(verdicts).toContain('tampered');
  });
});

function bend(lines: string[], pick: Pick): string[] {
  const at = pick(lines.length);
  const other = pick(lines.length);
  const line = lines[at] ?? '';
  const place = pick(Math.max(1, line.length));
  switch (pick(7)) {
    case 0:
      return lines.toSpliced(at, 1);
    case 1:
      return lines.toSpliced(at, 0, lines[other] ?? '');
    case 2:
      return lines.with(at, lines[other] ?? '').with(other, line);
    case 3:
      return lines.with(at, line.slice(0, place) + String.fromCharCode(pick(256)) + line.slice(place + 1));
    case 4:
      return lines.with(at, line.slice(0, place) + line.slice(place + 1));
    case 5:
      return lines.with(at, line.replace(/"salt":"[^"]*","payload":"[^"]*"/, '"salt":null,"payload":null'));
    default:
      return lines.toSpliced(at, 0, '');
  }
}
