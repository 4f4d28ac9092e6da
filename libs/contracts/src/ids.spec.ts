import { base32, identityOf, isId, makeId, ulid } from './ids';

describe('ids', () => {
  it('writes a ULID as its specification shows it', () => {
    // https://github.com/ulid/spec: the time 1469918176385 is 01ARYZ6S41.
    expect(ulid(1469918176385, new Uint8Array(10)).slice(0, 10)).toBe('01ARYZ6S41');
    expect(ulid(2 ** 48 - 1, new Uint8Array(10).fill(255))).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
  });

  it('keeps the 80 bits of identity apart from the time', () => {
    const tail = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const early = makeId('evt', 1000, tail);
    const late = makeId('evt', 2_000_000_000_000, tail);
    expect(early).not.toBe(late);
    expect(identityOf(early)).toBe(identityOf(late));
    expect(identityOf(early)).toBe(base32(tail, 16));
  });

  it.each([
    ['evt', 'evt_01KJQ38XW00000000000000002', true],
    ['evt', 'int_01KJQ38XW00000000000000002', false],
    ['evt', 'evt_01HZABCDEF9876543210WXYZ', false],
    ['evt', 'evt_81KJQ38XW00000000000000002', false],
    ['evt', 'evt_01KJQ38XW0000000000000000I', false],
    ['mdl', 'mdl_ZZZZZZZZZZZZZZZZZZZZZZZZZZ', true],
    ['evt', 42, false],
  ] as const)('isId(%s, %s) is %s', (prefix, text, expected) => {
    expect(isId(prefix, text)).toBe(expected);
  });
});
