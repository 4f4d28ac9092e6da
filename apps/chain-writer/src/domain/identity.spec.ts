import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { hmacSha256, Identity } from './identity';

describe('the identity of a fact', () => {
  it('is an HMAC-SHA-256 as node:crypto makes it, for every length of key and text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 150 }),
        fc.string({ maxLength: 300, unit: 'grapheme' }),
        (key, text) => {
          const expected = createHmac('sha256', key).update(text, 'utf8').digest();
          const hmac = hmacSha256(key);
          expect(hmac(text)).toEqual(expected);
          expect(hmac(text)).toEqual(expected);
        },
      ),
      { seed: 20261126, numRuns: 300 },
    );
  });

  it('is so for a text that is longer than any other', () => {
    const text = 'é'.repeat(10_000);
    const expected = createHmac('sha256', 'key').update(text, 'utf8').digest();
    expect(hmacSha256(Buffer.from('key'))(text)).toEqual(expected);
  });

  it('stays the same when it is asked for again, and after thousands of others', () => {
    const identity = new Identity(new Uint8Array(32).fill(9));
    const first = identity.of('fact');
    expect(identity.of('fact')).toBe(first);
    for (let number = 0; number < 5000; number += 1) identity.of(`other ${number}`);
    expect(identity.of('fact')).toBe(first);
    expect(identity.eventId('fact', 0)).toMatch(new RegExp(`${first}$`));
  });
});
