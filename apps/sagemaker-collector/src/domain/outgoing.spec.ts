import { createHmac, hash } from 'node:crypto';
import { canonicalBytes, checkPayload } from '@audital/chain/write';
import type { JsonObject } from '@audital/contracts';
import { plantedSecrets } from '@audital/testing';
import { outgoing } from './outgoing';
import { withoutSecrets } from './secrets';

const commit = (value: string): string =>
  `committed:hmac-sha256:${createHmac('sha256', 'salt').update(value).digest('hex')}`;
const SECRET = 'hunTer2#trombone9';
const sha256 = (value: string): string => hash('sha256', canonicalBytes(value));

interface Gap {
  field: string;
  sha256: string;
}

describe('a payload that is too large and holds a secret', () => {
  const noise = 'epoch 1 loss 0.1\n'.repeat(20_000);
  it.each([
    ['before the cut', `password="${SECRET}" ${noise}`],
    ['across the cut', `${'x'.repeat(250)} password="${SECRET}" ${noise}`],
    ['behind the cut', `${noise} password="${SECRET}"`],
    ['as the whole of it', `password="${SECRET.repeat(20_000)}"`],
  ])('%s: shows none of it, and no digest of what held it', (_, failureReason) => {
    const payload = { trainingJobName: 'x', failureReason, tags: { a: 'b'.repeat(90) }, secretsCommitted: [] };
    const shown = outgoing(payload, commit);
    expect(checkPayload(shown)).toBeNull();
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    for (const { sha256: digest } of (shown['captureGaps'] ?? []) as unknown as Gap[]) {
      expect(digest).not.toBe(sha256(failureReason));
      expect(digest).toBe(sha256(withoutSecrets(payload, commit)['failureReason'] as string));
    }
    expect(shown['captureGaps'] === undefined).toBe(
      failureReason.startsWith('password') && !failureReason.includes('epoch'),
    );
  });

  it('points to the commitments that are left, and to no others', () => {
    const violations = Array.from({ length: 4_000 }, (_, index) => ({
      description: `${'d'.repeat(100)} ${index === 2 || index === 3_999 ? `api_key=${SECRET}` : ''}`,
    }));
    const shown = outgoing({ violations, name: 'x' }, commit);
    expect((shown['violations'] as JsonObject[]).length).toBeLessThan(4_000);
    expect(shown['secretsCommitted']).toEqual(['/violations/2/description']);
  });

  it('that fits is what withoutSecrets makes of it', () => {
    const payload = { hyperParameters: { db_password: SECRET }, secretsCommitted: [] };
    expect(outgoing(payload, commit)).toEqual(withoutSecrets(payload, commit));
  });
});

/**
 * Whatever is cut off a text: what is left of a secret that a name, an option or an address gives away is hidden as the whole was. Only a
 * part of AWS's secret keys, whose one mark is their length, cannot be known.
 */
describe('a text that was cut off', () => {
  const PLANTED = plantedSecrets(7, 200);
  const given = PLANTED.filter(
    ({ kind }) => !/by itself|in a sentence|in a command|by its name|suspicious name|AWS secret access key/.test(kind),
  );
  const FEW = 5;
  /** Long enough that nobody has to try them all: how much of a token may be left before its form is known. */
  const OF_A_TOKEN = 24;

  it.each([...new Set(given.map(({ kind }) => kind))])('%s, at every length', (kind) => {
    for (const { value, secret } of given.filter((one) => one.kind === kind).slice(0, 2)) {
      const escaped = JSON.stringify(secret).slice(1, -1);
      for (let length = 1; length <= value.length; length += 1) {
        const { failureReason } = withoutSecrets({ failureReason: `ClientError: ${value.slice(0, length)}` }, commit);
        const left = [secret, escaped].map((one) => one.slice(0, / in JSON|token|key/i.test(kind) ? OF_A_TOKEN : FEW));
        for (const begin of left) expect([length, String(failureReason).includes(begin)]).toEqual([length, false]);
      }
    }
  });
});
