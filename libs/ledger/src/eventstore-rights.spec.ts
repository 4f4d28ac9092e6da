import { LEDGER_WRITERS } from '@audital/contracts';
import { DEFAULT_ACL, userOf } from './eventstore-rights';

const { $userStreamAcl } = DEFAULT_ACL;
const allowed = (service: keyof typeof LEDGER_WRITERS, right: keyof typeof $userStreamAcl): boolean =>
  userOf(service, LEDGER_WRITERS[service]).groups.some((group) =>
    ($userStreamAcl[right] as readonly string[]).includes(group),
  );

describe('the rights on an EventStoreDB', () => {
  it.each([
    ['chain-writer', { $r: true, $w: true, $d: true, $mw: true }],
    ['integration-registry', { $r: true, $w: true, $d: false, $mw: false }],
    ['gateway', { $r: true, $w: false, $d: false, $mw: false }],
    ['poller-scheduler', { $r: true, $w: false, $d: false, $mw: false }],
    ['sagemaker-collector', { $r: true, $w: false, $d: false, $mw: false }],
    ['chain-verifier', { $r: true, $w: false, $d: false, $mw: false }],
  ] as const)('%s', (service, rights) => {
    const given = Object.keys(rights).map((right) => [right, allowed(service, right as keyof typeof rights)]);
    expect(Object.fromEntries(given)).toEqual(rights);
  });

  it('nobody else has any', () => {
    expect(JSON.stringify(DEFAULT_ACL)).not.toContain('$all');
    expect(userOf('gateway', []).loginName).toBe('audital-gateway');
  });
});
