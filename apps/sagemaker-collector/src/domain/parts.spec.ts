import { createHash } from 'node:crypto';
import type { Integration, Observation } from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { toParts } from './parts';

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('parts', () => {
  const integration = { organisationId: organisationId(), integrationId: integrationId(), revision: 3 } as Integration;
  const detected = (size: number) => ({
    observations: [{ payload: { a: 'x'.repeat(size) } } as unknown as Observation],
    changes: [{ kind: 'job-forgotten', jobs: 'training', key: 'k' }],
  });

  it('§8.5 keep together what belongs together, stay small, and start where the one before ends', () => {
    const parts = toParts([detected(100_000), detected(200_000), detected(300_000), detected(10)], integration, {
      stream: 'cursor-x',
      revision: 6,
    });
    expect(parts.map(({ observations }) => observations.length)).toEqual([2, 2]);
    expect(parts.map(({ cursor }) => cursor?.expectedRevision)).toEqual([6, 7]);
    expect(parts.every((part) => JSON.stringify(part).length <= 512 * 1024)).toBe(true);
    expect(parts[0]?.cursor).toMatchObject({ integrationRevision: 3 });
  });

  it('§8.2 name the part that they follow, by the bytes of its move', () => {
    const detected = ['a', 'b', 'c'].map((key) => ({
      observations: [{ payload: { a: 'x'.repeat(300_000) } } as unknown as Observation],
      changes: [{ kind: 'job-forgotten', jobs: 'training', key }],
    }));
    const parts = toParts(detected, integration, { stream: 'cursor-x', revision: 6 });
    const moves = parts.map(({ cursor }) => `sha256:${sha256Hex(JSON.stringify({ v: 1, changes: cursor?.changes }))}`);
    expect(parts.map(({ cursor }) => cursor?.follows)).toEqual([undefined, moves[0], moves[1]]);
  });

  it('of nothing are none', () =>
    expect(toParts([{ observations: [], changes: [] }], integration, { stream: 'cursor-x', revision: -1 })).toEqual(
      [],
    ));
});
