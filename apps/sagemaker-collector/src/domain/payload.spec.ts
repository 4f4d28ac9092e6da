import { hash } from 'node:crypto';
import { checkPayload } from '@audital/chain/write';
import * as fc from 'fast-check';
import { fitPayload, hashable } from './payload';

describe('a payload that is too large', () => {
  const fitted = (payload: object) => fitPayload(hashable(payload) as never);

  it('is cut where it is largest, and leaves the SHA-256 of what was cut', () => {
    const large = fitted({
      trainingJobName: 'x',
      hyperParameters: { a: 'y'.repeat(300_000), b: '1' },
      captureGaps: [],
    });
    expect(large).toMatchObject({
      trainingJobName: 'x',
      hyperParameters: { a: 'y'.repeat(256), b: '1' },
      captureGaps: [
        {
          field: 'hyperParameters.a',
          reason: 'TOO_LARGE',
          bytes: 300_002,
          sha256: hash('sha256', JSON.stringify('y'.repeat(300_000))),
        },
      ],
    });
    expect(checkPayload(large)).toBeNull();
  });

  it('keeps the beginning of a list, and drops a map of many small members as a whole', () => {
    const violations = Array.from({ length: 4_000 }, (_, index) => ({
      feature: `f${index}`,
      description: 'd'.repeat(100),
    }));
    const large = fitted({ violations, tags: { a: 'b' }, captureGaps: [] });
    expect((large['violations'] as unknown[])[0]).toEqual(violations[0]);
    expect((large['violations'] as unknown[]).length).toBe(1_000);
    expect(large['captureGaps']).toMatchObject([{ field: 'violations' }]);
    const small = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, 'v'.repeat(100)]));
    expect(fitted({ environment: small, name: 'x' })).toMatchObject({
      environment: null,
      name: 'x',
      captureGaps: [{ field: 'environment' }],
    });
  });

  it('of any shape fits afterwards', () => {
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.string({ maxLength: 40 }).map((text) => text.repeat(3_000)),
        fc.array(tie('node'), { maxLength: 6 }),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('node'), { maxKeys: 6 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (part) => expect(checkPayload(fitted({ part, name: 'x' }))).toBeNull()),
      { seed: 11, numRuns: 60 },
    );
  });

  it('that fits is left alone', () => expect(fitted({ a: 1 })).toEqual({ a: 1 }));
});
