import type { ChainAlertCode, VerifierReport } from '@audital/contracts';
import { chainReport, type ChainStatus } from './chain-report';
import { withVerifier } from './with-verifier';

const AT = '2026-03-02T12:00:00.000Z';
const LATER = '2026-03-02T12:01:00.000Z';

function own(...bad: { kind: 'INVALID' | 'ROLLBACK'; from: number; to: number }[]): ChainStatus {
  const findings = bad.map((one) => ({ ...one, message: `${one.kind} at ${one.from}` }));
  const blocks = { genesisBlock: null, latestBlock: null };
  const facts = { organisationId: 'org_1', totalEvents: 40, inspectedFrom: 0, findings, redacted: 0, ...blocks };
  return chainReport({ ...facts, checkpoint: { size: 40, keyId: 'ab' }, doubt: null, verifiedAt: AT }, 2);
}

const report = (...alerts: [ChainAlertCode, number, number][]): { report: VerifierReport } => ({
  report: {
    organisationId: 'org_1',
    totalEvents: 40,
    verifiedTo: 40,
    valid: alerts.length === 0,
    lastVerifiedAt: LATER,
    lastFullVerification: { size: 40, at: LATER },
    alerts: alerts.map(([code, from, to]) => ({
      ...{ code, severity: 'CRITICAL' as const, firstBadPosition: from, detectedAt: LATER },
      ...{ affectedRange: { from, to }, message: `${code} at ${from}` },
    })),
  },
});

describe('chain-status, of two readers', () => {
  it('says when the verifier last read, when both find nothing', () => {
    expect(withVerifier(own(), report())).toMatchObject({
      ...{ valid: true, verdict: 'VERIFIED', lastVerifiedAt: LATER, alerts: [] },
      verifier: { status: 'OK', verifiedTo: 40, lastFullVerification: { size: 40, at: LATER } },
    });
  });

  it('says that the verifier does not answer, and by whom the rest was read', () => {
    expect(withVerifier(own(), { unavailable: 'Nobody listens.' })).toMatchObject({
      ...{ valid: true, verdict: 'VERIFIED', lastVerifiedAt: AT },
      verifier: { status: 'UNAVAILABLE', verifiedTo: null, reason: 'Nobody listens.' },
    });
  });

  it('says that the verifier has not read the chain yet', () => {
    const { report: said } = report();
    const answer = { report: { ...said, lastVerifiedAt: null, lastFullVerification: null, valid: false } };
    expect(withVerifier(own(), answer)).toMatchObject({
      ...{ valid: true, lastVerifiedAt: AT },
      verifier: { status: 'STARTING' },
    });
  });

  it.each([
    [['INVALID', 7, 7], 'TAMPERED', 7],
    [['FORK', 3, 39], 'FORK', 3],
    [['ROLLBACK', 12, 39], 'ROLLBACK', 12],
    [['STALE', 40, 44], 'STALE', 40],
  ] as [[ChainAlertCode, number, number], string, number][])(
    'believes the verifier’s %j alone',
    (alert, verdict, position) => {
      const status = withVerifier(own(), report(alert));
      expect(status).toMatchObject({ valid: false, verdict, firstBadPosition: position });
      expect(status.integrityScore).toBeLessThan(100);
      expect(status.alerts).toMatchObject([{ code: alert[0], affectedRange: { from: alert[1], to: alert[2] } }]);
    },
  );

  it('tells what both found once, and what only the gateway found beside it', () => {
    const status = withVerifier(
      own({ kind: 'INVALID', from: 7, to: 7 }, { kind: 'INVALID', from: 30, to: 30 }),
      report(['INVALID', 7, 7]),
    );
    expect(status.alerts.map(({ affectedRange, detectedAt }) => [affectedRange.from, detectedAt])).toEqual([
      [7, LATER],
      [30, AT],
    ]);
    expect(status).toMatchObject({ verdict: 'TAMPERED', firstBadPosition: 7 });
  });
});
