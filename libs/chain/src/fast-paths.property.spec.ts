import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import * as check from './check';
import { recordProblem } from './format/record';
import { decodeBase64, sha256 } from './node';
import * as write from './write';

const seed = 20261126;
const usually = <T>(right: T, ...wrong: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 40, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.constantFrom(right, ...wrong) });
const times = usually('2026-03-02T11:00:00.000Z', '2026-03-02T11:00:00Z', '');
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => write.hashText(bytes));
// Characters at which a spelling could go another way: escapes, controls, quotes, beyond ASCII, half a surrogate pair.
const texts = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('a', '"', '\\', ',', '\u0000', '\u001f', '\u007f', '\u2028', 'é', '😀', '\ud800'),
    maxLength: 6,
  }),
  { weight: 6, arbitrary: fc.constantFrom('INFO', 'é😀') },
);
const optional = fc.option(texts);
const records = fc.record({
  v: usually<unknown>(1, 2, '1'),
  origin: texts,
  chainPosition: fc.oneof(fc.nat(), usually(2 ** 53 - 1, 2 ** 53, -1, 1.5, 1e21, 999_999_999_999_999)),
  ...{ id: texts, eventType: texts, source: texts, severity: texts, modelId: optional, integrationId: optional },
  ...{ timestamp: times, observedAt: times, recordedAt: times, captureMode: texts },
  actor: fc.record({ type: texts, id: texts }),
  tags: fc.array(texts, { maxLength: 3 }),
  ...{ payloadHash: hashes, prevHash: hashes },
});

/** What a record is by its definition: JSON of the closed set of fields, in exactly the canonical spelling. */
function byDefinition(bytes: Uint8Array): object | null {
  try {
    const value = JSON.parse(check.fromUtf8(bytes)) as unknown;
    if (recordProblem(value) !== null) return null;
    return check.equalBytes(check.canonicalBytes(value), bytes) ? (value as object) : null;
  } catch {
    return null;
  }
}

function outcome(read: (bytes: Uint8Array) => object, bytes: Uint8Array): object | null {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof check.InvalidRecord) return null;
    throw error;
  }
}

/** Read as a whole, and for a walk: by Node's buffers and by any others. */
function expectRead(bytes: Uint8Array, expected: object | null): void {
  expect(outcome(check.parseRecord, bytes)).toEqual(expected);
  for (const form of [Uint8Array.from(bytes), Buffer.from(bytes)]) {
    const scanned = outcome(check.scanRecord, form);
    if (scanned && expected) expect(expected).toMatchObject(scanned);
    else expect(scanned).toEqual(expected);
  }
}

/** Sorted as JCS sorts, but with JSON.stringify's escapes for half a pair, so that such texts come by too. */
function spelled(value: object): string {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ ...sorted, actor: { id: (value as { actor: { id: string } }).actor.id, type: 'SERVICE' } });
}

/** RFC 8785 by its words; null for what has no canonical form. */
function canonicalByWords(value: unknown): string | null {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return null;
  if (typeof value === 'string' && !value.isWellFormed()) return null;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const names = isList ? [...value.keys()] : Object.keys(value).sort();
  const parts = names.map((name) => {
    const [key, member] = [canonicalByWords(name), canonicalByWords((value as Record<string | number, unknown>)[name])];
    return key === null || member === null ? null : isList ? member : `${key}:${member}`;
  });
  if (parts.includes(null)) return null;
  return isList ? `[${parts.join()}]` : `{${parts.join()}}`;
}

const names = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
  fc.constantFrom('', '1', '10', '__proto__', 'toJSON', 'é', '\u20ac', '\ud83d\ude00', '\ufb33', '\r', '\ud800'),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>('x', 'é', '"', '\u0001', '\udc00', 0, -0, 1e-7, 2 ** 53 - 1, 2 ** 53, true, null),
    fc.array(tie('json'), { maxLength: 3 }),
    // As JSON.parse makes them, `__proto__` too.
    fc
      .array(fc.tuple(names, tie('json')), { maxLength: 5 })
      .map(
        (entries) =>
          JSON.parse(`{${entries.map((pair) => pair.map((one) => JSON.stringify(one)).join(':')).join()}}`) as object,
      ),
  ),
}));

describe('the fast ways say what the definitions say', () => {
  it('of records of every kind of text', () => {
    let right = 0;
    fc.assert(
      fc.property(records, (record) => {
        const bytes = check.utf8(spelled(record));
        const expected = byDefinition(bytes);
        if (expected !== null) right += 1;
        expectRead(bytes, expected);
      }),
      { seed, numRuns: 2_000 },
    );
    expect(right).toBeGreaterThan(50);
  });

  it.each(['usr_1', 'é'])('of a record by %s with any one byte changed, taken out or put in', (actorId) => {
    const [salt, bytes] = [sha256(check.utf8('salt')), check.utf8('{}')];
    const fields = { origin: 'audital.local/log/org_x', id: 'evt_1', eventType: 'INFERENCE', source: 'API' };
    const at = '2026-03-02T11:00:00.000Z';
    const { bytes: original } = write.sealRecord(sha256, {
      ...{
        v: 1,
        chainPosition: 12,
        severity: 'INFO',
        modelId: 'mdl_1',
        integrationId: null,
        captureMode: 'API',
        ...fields,
      },
      ...{ timestamp: at, observedAt: at, recordedAt: at, actor: { type: 'API_KEY', id: actorId }, tags: ['a', ''] },
      ...{ payloadHash: write.hashText(write.payloadHash(sha256, salt, bytes)), prevHash: write.ZERO_HASH },
    });
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(255), fc.nat(2), (place, byte, how) => {
        const changed = Array.from(original);
        changed.splice(place, how === 2 ? 0 : 1, ...(how === 0 ? [] : [byte]));
        const mutant = Uint8Array.from(changed);
        expectRead(mutant, byDefinition(mutant));
      }),
      { seed, numRuns: 3_000 },
    );
    expectRead(original, byDefinition(original));
    expectRead(check.concat(check.utf8('\ufeff'), original), null);
  });

  it('of payloads whose keys are in order, and of others', () => {
    const seen = { right: 0, inOrder: 0, wrong: 0 };
    fc.assert(
      fc.property(json, (value) => {
        const expected = canonicalByWords(value);
        const text = (of: unknown): string | null => {
          try {
            return check.fromUtf8(check.canonicalBytes(of));
          } catch (error) {
            if (error instanceof check.Uncanonical) return null;
            throw error;
          }
        };
        expect(text(value)).toBe(expected);
        const ordered = write.inCanonicalOrder(value);
        expect(text(ordered)).toBe(expected);
        if (expected === null) seen.wrong += 1;
        else seen[ordered === value ? 'inOrder' : 'right'] += 1;
      }),
      { seed, numRuns: 3_000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(200);
  });

  it('of base64 in its one spelling and in others', () => {
    const spellings = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map(check.toBase64),
      fc.string({ unit: fc.constantFrom('A', 'B', '/', '+', '-', '_', '=', ' ', '\n', 'é'), maxLength: 12 }),
    );
    const decoded = (decode: (text: string) => Uint8Array, text: string): number[] | null => {
      try {
        return [...decode(text)];
      } catch (error) {
        if (error instanceof RangeError) return null;
        throw error;
      }
    };
    fc.assert(
      fc.property(spellings, (text) => {
        expect(decoded(decodeBase64, text)).toEqual(decoded(check.fromBase64, text));
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('of hashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const digits = createHash('sha256').update(bytes).digest('hex');
        expect([sha256.hex?.(bytes), check.toHex(sha256(bytes))]).toEqual([digits, digits]);
      }),
      { seed, numRuns: 1_000 },
    );
  });
});
