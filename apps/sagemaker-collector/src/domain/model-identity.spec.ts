import { stem } from './model-identity';

describe('model names', () => {
  it.each([
    ['credit-scorer-2026-03-02-11-00-00', 'credit-scorer'],
    ['credit-scorer-2026-03-02-11-00-00-123', 'credit-scorer'],
    ['credit-scorer-20260302110000', 'credit-scorer'],
    ['credit-scorer-3f9c2ab1', 'credit-scorer'],
    ['credit-scorer-260302-1100', 'credit-scorer'],
    ['credit-scorer-260302-1100-001-3f9c2ab1', 'credit-scorer'],
    ['credit-scorer-260302-1100-042-abcdefab', 'credit-scorer'],
    ['credit-scorer-v2', 'credit-scorer-v2'],
    ['credit-scorer', 'credit-scorer'],
    ['-3f9c2ab1', '-3f9c2ab1'],
  ])('%s is %s', (name, expected) => expect(stem(name)).toBe(expected));
});
