import { hash } from 'node:crypto';
import * as fc from 'fast-check';
import * as check from './check';
import * as write from './write';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seed = 20261123;

function tiledTree(leaves: Uint8Array[]): write.TiledTree {
  const tiles = new Map<string, Uint8Array>();
  const store = {
    get: (level: number, n: number) => tiles.get(`${level}/${n}`) ?? null,
    set: (level: number, n: number, bytes: Uint8Array) => void tiles.set(`${level}/${n}`, bytes),
  };
  // In unequal portions, as batches come.
  for (let done = 0, step = 1; done < leaves.length; done += step, step = (step * 7 + 3) % 300) {
    if (step === 0) step = 1;
    write.appendToTiles(sha256, store, done, leaves.slice(done, done + step));
  }
  return new write.TiledTree(sha256, store.get);
}

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => write.leafHash(sha256, text(`entry ${index}`)));

interface Entry {
  chainPosition: number;
  record: Uint8Array;
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
}

function chainOf(count: number): Entry[] {
  let prevHash = write.ZERO_HASH;
  return Array.from({ length: count }, (_, chainPosition) => {
    const salt = sha256(text(`salt ${chainPosition}`));
    const bytes = write.canonicalBytes({ number: chainPosition });
    const record = write.sealRecord(sha256, {
      v: 1,
      origin: 'audital.example/log/org_x',
      chainPosition,
      id: `evt_${chainPosition}`,
      eventType: 'INFERENCE',
      source: 'API',
      severity: 'INFO',
      modelId: null,
      integrationId: null,
      timestamp: '2026-03-02T11:00:00.000Z',
      observedAt: '2026-03-02T11:00:00.000Z',
      recordedAt: '2026-03-02T11:00:00.000Z',
      captureMode: 'API',
      actor: { type: 'API_KEY', id: 'key' },
      tags: [],
      payloadHash: write.hashText(write.payloadHash(sha256, salt, bytes)),
      prevHash,
    });
    prevHash = write.hashText(record.blockHash);
    return { chainPosition, record: record.bytes, payload: { salt, bytes } };
  });
}

function walk(entries: Entry[], head?: Uint8Array): check.Finding[] {
  const walker = new check.ChainWalk(sha256);
  for (const entry of entries) walker.add(entry);
  return walker.finish(head);
}

it('a record is sealed as the canonical bytes of the whole of it', () => {
  for (const { record } of chainOf(5)) {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(record));
    expect(write.canonicalBytes(parsed)).toEqual(record);
  }
});

describe('Merkle proofs', () => {
  const leaves = leavesOf(1500);
  const tree = tiledTree(leaves);

  it('compact range and tiles agree on every root', () => {
    let range = write.emptyTree();
    leaves.forEach((leaf, index) => {
      range = write.appendLeaf(sha256, range, leaf);
      if (index < 300 || index % 97 === 0) expect(tree.root(index + 1)).toEqual(write.treeRoot(sha256, range));
    });
  });

  it('every inclusion proof verifies, and none for another leaf, index, size or root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), fc.nat(), (size, pick) => {
        const index = pick % size;
        const claim = {
          index,
          size,
          leaf: leaves[index] as Uint8Array,
          proof: tree.inclusionProof(index, size),
          root: tree.root(size),
        };
        expect(check.verifyInclusion(sha256, claim)).toBe(true);
        expect(check.verifyInclusion(sha256, { ...claim, leaf: sha256(claim.leaf) })).toBe(false);
        expect(check.verifyInclusion(sha256, { ...claim, leaf: claim.leaf.slice(1) })).toBe(false);
        expect(check.verifyInclusion(sha256, { ...claim, root: sha256(claim.root) })).toBe(false);
        expect(check.verifyInclusion(sha256, { ...claim, index: size })).toBe(false);
        expect(check.verifyInclusion(sha256, { ...claim, proof: [...claim.proof, claim.leaf] })).toBe(false);
        if (claim.proof.length > 0)
          expect(check.verifyInclusion(sha256, { ...claim, proof: claim.proof.slice(1) })).toBe(false);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('every consistency proof verifies, and none between other trees', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), fc.nat(), (to, pick) => {
        const from = 1 + (pick % to);
        const claim = {
          from,
          to,
          fromRoot: tree.root(from),
          toRoot: tree.root(to),
          proof: tree.consistencyProof(from, to),
        };
        expect(check.verifyConsistency(sha256, claim)).toBe(true);
        expect(check.verifyConsistency(sha256, { ...claim, fromRoot: sha256(claim.fromRoot) })).toBe(false);
        expect(check.verifyConsistency(sha256, { ...claim, toRoot: sha256(claim.toRoot) })).toBe(false);
        expect(check.verifyConsistency(sha256, { ...claim, proof: [...claim.proof, claim.toRoot] })).toBe(false);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('refuses consistency from nothing, for equal sizes too', () => {
    const empty = sha256(new Uint8Array(0));
    expect(check.verifyConsistency(sha256, { from: 0, to: 0, fromRoot: empty, toRoot: empty, proof: [] })).toBe(false);
    expect(check.verifyConsistency(sha256, { from: 0, to: 3, fromRoot: empty, toRoot: tree.root(3), proof: [] })).toBe(
      false,
    );
  });
});

describe('canonical bytes (RFC 8785)', () => {
  it('sorts by UTF-16 code units and writes numbers as ECMAScript does', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      '\u0080': 6,
      '\u00f6': 7,
      n: [1e30 / 1e15, -0, 1e-7, 0.1, 333333333.3333333],
    };
    expect(new TextDecoder().decode(write.canonicalBytes(value))).toBe(
      '{"\\r":2,"1":4,"n":[1000000000000000,0,1e-7,0.1,333333333.3333333],"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    );
  });

  it.each([
    ['NaN', { a: Number.NaN }],
    ['Infinity', { a: [Infinity] }],
    ['an unsafe integer', { a: 2 ** 53 }],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['undefined', { a: undefined }],
    ['a function', { a: () => 1 }],
    ['a hole', { a: [1, , 2] }],
    ['a Map', { a: new Map() }],
    ['a Date', { a: new Date(0) }],
    ['a bigint', { a: 1n }],
    ['an array', [1]],
    ['hostile depth', JSON.parse('{"a":'.repeat(5000) + '1' + '}'.repeat(5000))],
    ['a payload of more than 256 KiB', { a: 'x'.repeat(256 * 1024) }],
  ])('refuses %s', (_name, value) => {
    expect(write.checkPayload(value)).not.toBeNull();
  });

  it('is the same for any order of keys, and parses back', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'grapheme' }),
          fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
        ),
        (value) => {
          fc.pre(write.checkPayload(value) === null);
          const bytes = write.canonicalBytes(value);
          expect(write.canonicalBytes(Object.fromEntries(Object.entries(value).reverse()))).toEqual(bytes);
          expect(write.canonicalBytes(JSON.parse(new TextDecoder().decode(bytes)))).toEqual(bytes);
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});

describe('walking a chain', () => {
  const chain = chainOf(40);
  const head = write.leafHash(sha256, (chain.at(-1) as Entry).record);

  it('finds nothing in what was written', () => {
    expect(walk(chain, head)).toEqual([]);
  });

  it('names the position of any changed byte, of record, payload or salt', () => {
    fc.assert(
      fc.property(
        fc.nat(39),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom('record', 'payload', 'salt'),
        (position, pick, flip, what) => {
          const entries = chain.map((entry) => ({
            ...entry,
            record: Uint8Array.from(entry.record),
            payload: entry.payload && {
              salt: Uint8Array.from(entry.payload.salt),
              bytes: Uint8Array.from(entry.payload.bytes),
            },
          }));
          const target = entries[position] as Entry;
          const bytes =
            what === 'record' ? target.record : what === 'payload' ? target.payload?.bytes : target.payload?.salt;
          const at = pick % (bytes as Uint8Array).length;
          (bytes as Uint8Array)[at] = (bytes as Uint8Array)[at]! ^ flip;
          const findings = walk(entries, head);
          expect(findings.length).toBeGreaterThan(0);
          expect(findings[0]?.position).toBe(position);
        },
      ),
      { seed, numRuns: process.env['AUDITAL_LONG'] ? 5000 : 500 },
    );
  });

  it('finds a record that was left out, doubled or swapped', () => {
    expect(walk(chain.filter((_, index) => index !== 7))[0]).toMatchObject({ kind: 'GAP', position: 7 });
    expect(walk([...chain.slice(0, 8), chain[7] as Entry, ...chain.slice(8)])[0]).toMatchObject({
      kind: 'DUPLICATE',
      position: 7,
    });
    const swapped = [...chain];
    [swapped[7], swapped[8]] = [chain[8] as Entry, chain[7] as Entry];
    expect(walk(swapped)).toEqual([expect.objectContaining({ kind: 'REORDER', position: 7 })]);
  });

  it('takes no field that is not in the closed set, whatever its name', () => {
    for (const name of ['constructor', 'toString', '__proto__x', 'extra']) {
      const text = new TextDecoder().decode((chain[0] as Entry).record);
      const more = write.canonicalBytes({ ...JSON.parse(text), [name]: 1 });
      expect(() => check.parseRecord(more)).toThrow(check.InvalidRecord);
    }
  });

  it('a broken link with nothing readable behind it is laid on the record that names it', () => {
    const entries = chain.map((entry, index) => {
      if (index !== 5) return entry;
      const record = new TextDecoder().decode(entry.record).replace('"severity":"INFO"', '"severity":"HIGH"');
      return { ...entry, record: text(record) };
    });
    const findings = walk(entries.filter((_, index) => index !== 7));
    expect(findings.map(({ kind, position }) => [kind, position])).toEqual([
      ['INVALID', 6],
      ['GAP', 7],
    ]);
  });

  it('a missing payload is MISSING unless a PAYLOAD_REDACTED event names its position', () => {
    const entries = chain.map((entry, index) => (index === 3 ? { ...entry, payload: null } : entry));
    expect(walk(entries)).toEqual([expect.objectContaining({ kind: 'MISSING', position: 3 })]);
  });
});

describe('tile paths', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [1, 1234067, 256, 'tile/1/x001/x234/067'],
    [0, 5, 7, 'tile/0/005.p/7'],
  ])('level %i, tile %i, width %i', (level, n, width, path) => {
    expect(write.tilePath(level, n, width)).toBe(path);
    expect(write.parseTilePath(path)).toEqual({ level, n, width });
  });

  it.each(['tile/0/0', 'tile/0/x000/001', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/../000', 'tile/00/000'])(
    'refuses %s',
    (path) => {
      expect(write.parseTilePath(path)).toBeNull();
    },
  );
});
