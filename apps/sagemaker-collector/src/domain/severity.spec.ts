import * as fc from 'fast-check';
import { severityOf, worstFirst } from './severity';

describe('severity (facts/aws §5)', () => {
  const violation = (checkType: string, value: number | null, threshold: number | null) => ({
    checkType,
    subject: 'x',
    value,
    threshold,
    description: '',
  });

  it.each([
    ['baseline_drift_check', 0.42, 0.3, 'HIGH'],
    ['baseline_drift_check', 0.31, 0.3, 'MEDIUM'],
    ['baseline_drift_check', 0.6, 0.3, 'CRITICAL'],
    ['LessThanThreshold', 0.61, 0.66, 'MEDIUM'],
    ['GreaterThanThreshold', 3, 2, 'HIGH'],
    ['feature_attribution_drift_check', 0.7639, 0.9, 'MEDIUM'],
    ['feature_attribution_drift_check', 0, 0.9, 'CRITICAL'],
    ['bias_drift_check', -0.2, 0.1, 'CRITICAL'],
    ['missing_column_check', null, null, 'HIGH'],
    ['data_type_check', null, null, 'MEDIUM'],
    ['LessThanThreshold', -1, 0.5, 'MEDIUM'],
  ])('%s of %s over %s is %s', (check, value, threshold, expected) => {
    expect(severityOf(violation(check, value, threshold)).severity).toBe(expected);
  });

  it('never falls when the drift grows, and scaling both changes nothing', () => {
    const rank = ['INFO', 'MEDIUM', 'HIGH', 'CRITICAL'];
    const at = (value: number, threshold: number): number =>
      rank.indexOf(severityOf(violation('baseline_drift_check', value, threshold)).severity);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        (drift, threshold, more) => {
          expect(at(drift + more, threshold)).toBeGreaterThanOrEqual(at(drift, threshold));
          expect(at(drift * 4, threshold * 4)).toBe(at(drift, threshold));
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it('puts the worst first', () => {
    const order = worstFirst([
      violation('data_type_check', null, null),
      violation('baseline_drift_check', 0.9, 0.3),
      violation('missing_column_check', null, null),
    ]);
    expect(order.map(({ checkType }) => checkType)).toEqual([
      'baseline_drift_check',
      'missing_column_check',
      'data_type_check',
    ]);
  });
});
