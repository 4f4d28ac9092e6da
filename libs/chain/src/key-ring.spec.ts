import { generateKeyPairSync, sign } from 'node:crypto';
import { handoverText, hashText, InvalidNote, KeyRing, payloadHash } from './check';
import { sha256, verifyEd25519 } from './node';
import { canonicalBytes, type ChainRecord, checkpointText, type NoteSigner, signNote, vkeyOf } from './write';

const ORIGIN = 'audital.local/log/org_1';

function keyOf(origin = ORIGIN): { vkey: string; signer: NoteSigner } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const bytes = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'));
  const signer = { name: origin, publicKey: bytes, sign: (message: Uint8Array) => sign(null, message, privateKey) };
  return { vkey: vkeyOf(sha256, origin, bytes), signer };
}
const [a, b, c] = [keyOf(), keyOf(), keyOf()] as const;
type Key = typeof a;

const endorsed = (vkey: string, by: Key, text = handoverText(ORIGIN, vkey)): string =>
  signNote(sha256, text, [by.signer]);
const note = (size: number, ...by: Key[]): string =>
  signNote(
    sha256,
    checkpointText({ origin: ORIGIN, size, root: new Uint8Array(32) }),
    by.map(({ signer }) => signer),
  );

/** The event as a chain holds it. */
function change(chainPosition: number, content: object, over: Partial<ChainRecord> = {}): [ChainRecord, Payload] {
  const payload = { salt: new Uint8Array(32), bytes: canonicalBytes(content) };
  const record = {
    ...{ origin: ORIGIN, chainPosition, eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: ['KEY_CHANGE'] },
    payloadHash: hashText(payloadHash(sha256, payload.salt, payload.bytes)),
    ...over,
  } as ChainRecord;
  return [record, payload];
}
type Payload = { salt: Uint8Array; bytes: Uint8Array };

const added = (at: number, key: Key, by: Key): [ChainRecord, Payload] =>
  change(at, { kind: 'KEY_ADDED', vkey: key.vkey, endorsement: endorsed(key.vkey, by) });
const retired = (at: number, { vkey }: Key): [ChainRecord, Payload] => change(at, { kind: 'KEY_RETIRED', vkey });
const ringOf = (...keys: Key[]): KeyRing =>
  new KeyRing(
    sha256,
    verifyEd25519,
    keys.map(({ vkey }) => vkey),
  );
const signers = (ring: KeyRing, text: string): string[] => ring.openCheckpoint(text).keys.map(({ vkey }) => vkey);

describe('the keys that a reader trusts', () => {
  it('follow handovers from the first, one after the other', () => {
    const ring = ringOf(a);
    expect(ring.learn(...added(5, b, a))).toBe(true);
    expect(ring.learn(...added(5, b, a))).toBe(false);
    expect(ring.learn(...added(9, c, b))).toBe(true);
    expect(signers(ring, note(10, c))).toEqual([c.vkey]);
    expect(signers(ring, note(6, a, b))).toEqual([a.vkey, b.vkey]);
    expect(ring.pinned).toEqual([a, b, c].map(({ vkey }) => ({ vkey, retiredAt: null })));
  });

  it.each([
    ['a stranger endorsed it', added(5, b, c)],
    ['it endorsed itself', added(5, b, b)],
    [
      'the endorsement names another key',
      change(5, { kind: 'KEY_ADDED', vkey: b.vkey, endorsement: endorsed(c.vkey, a) }),
    ],
    ['the endorsement is a checkpoint', change(5, { kind: 'KEY_ADDED', vkey: b.vkey, endorsement: note(5, a) })],
    ['there is none', change(5, { kind: 'KEY_ADDED', vkey: b.vkey })],
    ['the key is of another log', added(5, keyOf('elsewhere/log'), a)],
    [
      'the key is spelled otherwise',
      change(5, { kind: 'KEY_ADDED', vkey: `${b.vkey} `, endorsement: endorsed(`${b.vkey} `, a) }),
    ],
    ['a user wrote it', [{ ...added(5, b, a)[0], source: 'API' }, added(5, b, a)[1]]],
    ['it has no tag', [{ ...added(5, b, a)[0], tags: [] }, added(5, b, a)[1]]],
    ['the payload is not the sealed one', [added(5, c, a)[0], added(5, b, a)[1]]],
  ] as [string, [ChainRecord, Payload]][])('learn no key when %s', (_why, [record, payload]) => {
    const ring = ringOf(a);
    expect(ring.learn(record, payload)).toBe(false);
    expect(ring.pinned).toEqual([{ vkey: a.vkey, retiredAt: null }]);
  });

  it('end where the chain says so: for what covers that, not for what came before', () => {
    const ring = ringOf(a);
    ring.learn(...added(5, b, a));
    expect(ring.learn(...retired(8, a))).toBe(true);
    expect(ring.learn(...retired(12, a))).toBe(false);
    expect(signers(ring, note(8, a))).toEqual([a.vkey]);
    expect(() => ring.openCheckpoint(note(9, a))).toThrow(
      new InvalidNote('It is signed by a key that the chain retired at position 8, which it covers.'),
    );
    expect(signers(ring, note(9, a, b))).toEqual([b.vkey]);
    // Nor does it hand over to anybody any more, and coming back needs more than a second KEY_ADDED.
    expect(ring.learn(...added(10, c, a))).toBe(false);
    expect(ring.learn(...added(10, a, b))).toBe(false);
    expect(ring.pinned).toEqual([
      { vkey: a.vkey, retiredAt: 8 },
      { vkey: b.vkey, retiredAt: null },
    ]);
    // What was kept is what comes back.
    const again = new KeyRing(sha256, verifyEd25519, ring.pinned);
    expect(() => again.openCheckpoint(note(9, a))).toThrow(InvalidNote);
  });
});
