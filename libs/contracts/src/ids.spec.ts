import fc from 'fast-check';
import { base32, identityOf, isId, makeId, ulid, ulidTime } from './ids';

describe('ids', () => {
  it('writes a ULID as its specification shows it', () => {
    // https://github.com/ulid/spec: the time 1469918176385 is 01ARYZ6S41.
    expect(ulid(1469918176385, new Uint8Array(10)).slice(0, 10)).toBe('01ARYZ6S41');
    expect(ulid(2 ** 48 - 1, new Uint8Array(10).fill(255))).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
  });

  it('writes each five bits as their character, whatever the number of bytes and characters', () => {
    const byDefinition = (bytes: Uint8Array, length: number): string => {
      const bits = [...bytes]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('')
        .padEnd(5 * length, '0');
      const five = Array.from({ length }, (_, index) => Number.parseInt(bits.slice(5 * index, 5 * index + 5), 2));
      return five.map((value) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[value]).join('');
    };
    const random = fc.tuple(fc.uint8Array({ maxLength: 32 }), fc.nat(40));
    fc.assert(
      fc.property(random, ([bytes, length]) => expect(base32(bytes, length)).toBe(byDefinition(bytes, length))),
      { seed: 20261126, numRuns: 500 },
    );
  });

  it('writes any time of 48 bits as a number to the base of 32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (timeMs) => {
        const digits = [...ulidTime(timeMs)].map((digit) => BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit)));
        expect(digits.reduce((sum, digit) => sum * 32n + digit, 0n)).toBe(BigInt(timeMs));
      }),
      { seed: 20261126, numRuns: 500 },
    );
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
