import { fromBase64, leafHash, toBase64 } from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import { appendToTiles, canonicalBytes, checkpointText, TiledTree } from '@audital/chain/write';
import { type Draft, draftOf, sampleExport, Sealer } from '../drill/attacker';
import { judgeCheckpoint, type Kept } from './judge-checkpoint';
import { learnKeys } from './learn-keys';

const ORIGIN = 'drill.audital.local/log/org_00000000000000000000000000';
const [first, second, stranger] = ['first', 'second', 'stranger'].map(
  (seed) => new Sealer(sha256(Buffer.from(seed))),
) as [Sealer, Sealer, Sealer];
const [a, b] = [first.vkey(ORIGIN), second.vkey(ORIGIN)];

/** A log of eight events: at position 3 its second key is added, at 5 the first retired. */
function rotated(o: { endorsedBy?: Sealer } = {}) {
  const drafts = sampleExport(8, 'rotated').lines.map(draftOf);
  const change = (at: number, payload: object): void => {
    const draft = drafts[at] as Draft;
    draft.record = { ...draft.record, eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] };
    draft.payload = canonicalBytes(payload);
  };
  const endorsement = (o.endorsedBy ?? first).note(ORIGIN, `audital.key-handover/v1\n${ORIGIN}\n${b}\n`);
  change(3, { kind: 'KEY_ADDED', vkey: b, endorsement });
  change(5, { kind: 'KEY_RETIRED', vkey: a });
  const entries = second
    .seal(ORIGIN, drafts)
    .lines.map((line) => JSON.parse(line) as { record: string; salt: string; payload: string });
  const tiles = new Map<string, Uint8Array>();
  const get = (level: number, n: number): Uint8Array | null => tiles.get(`${level} ${n}`) ?? null;
  const set = (level: number, n: number, hashes: Uint8Array): void => void tiles.set(`${level} ${n}`, hashes);
  const leaves = entries.map(({ record }) => leafHash(sha256, fromBase64(record)));
  appendToTiles(sha256, { get, set }, 0, leaves);
  const tree = new TiledTree(sha256, get);
  const note = (by: Sealer, size: number): string =>
    by.note(ORIGIN, checkpointText({ origin: ORIGIN, size, root: tree.root(size) }));
  const proofOf = (position: number, by = second): string => {
    const inclusion = tree.inclusionProof(position, 8).map(toBase64);
    return JSON.stringify({ ...entries[position], leafIndex: position, inclusion, checkpoint: note(by, 8), vkeys: [] });
  };
  const consistency = (from: number, to: number): string =>
    JSON.stringify({ from, to, consistency: tree.consistencyProof(from, to).map(toBase64) });
  return { tree, note, proofOf, consistency };
}

const log = rotated();
const pinned = (...keys: [string, number | null][]) => keys.map(([vkey, retiredAt]) => ({ vkey, retiredAt }));

describe('learnKeys', () => {
  it('learns by proofs in whatever order they come', () => {
    expect(learnKeys([a], [log.proofOf(5), log.proofOf(3)])).toEqual(pinned([a, 5], [b, null]));
    expect(learnKeys([b], [log.proofOf(5), log.proofOf(3)])).toEqual(pinned([b, null]));
    expect(learnKeys([a], [])).toEqual(pinned([a, null]));
  });

  it.each([
    ['an endorsement by a stranger', [rotated({ endorsedBy: stranger }).proofOf(3)]],
    ['a tree that a stranger signed', [log.proofOf(3, stranger)]],
    ['a place in the tree that is not its own', [log.proofOf(3).replace('"leafIndex":3', '"leafIndex":4')]],
    ['a payload that is not the sealed one', [log.proofOf(3).replace(/"salt":"../, '"salt":"00')]],
    ['a record that is none', [log.proofOf(3).replace(/"record":"..../, '"record":"AAAA')]],
  ])('learns nothing by %s', (_what, texts) => {
    expect(learnKeys([a], texts)).toEqual(pinned([a, null]));
  });
});

describe('watch, across a rotation', () => {
  const kept: Kept = { vkeys: [a], note: log.note(first, 2), size: 2, root: toBase64(log.tree.root(2)), freshAt: 0 };
  const judge = (note: string, keyChanges: string[], o: { kept?: Kept; vkeys?: string[] } = {}) =>
    judgeCheckpoint(
      { note, vkeys: [b], proof: log.consistency((o.kept ?? kept).size, 8), newest: 7, keyChanges },
      { kept: o.kept ?? kept, vkeys: o.vkeys ?? [], now: 1000, maxAgeMs: 1000 },
    );
  const changes = [log.proofOf(5), log.proofOf(3)];

  it.each([
    ['kept', []],
    ['given', [a]],
  ])('follows from the key that was %s, and remembers', (_how, vkeys) => {
    expect(judge(log.note(second, 8), [], { vkeys })).toMatchObject({ alarm: 'UNTRUSTED', kept });
    const judgement = judge(log.note(second, 8), changes, { vkeys });
    expect(judgement).toMatchObject({ alarm: null, kept: { size: 8, vkeys: pinned([a, 5], [b, null]) } });
    // The first key is over, for whoever knows it.
    const again = { kept: { ...(judgement.kept as Kept), size: 2, root: kept.root }, vkeys };
    expect(judge(log.note(first, 8), [], again)).toMatchObject({
      alarm: 'UNTRUSTED',
      message: expect.stringContaining('retired at position 5'),
    });
  });

  it('takes no key from a forged handover', () => {
    expect(judge(log.note(second, 8), [rotated({ endorsedBy: stranger }).proofOf(3)])).toMatchObject({
      alarm: 'UNTRUSTED',
      kept,
    });
  });
});
