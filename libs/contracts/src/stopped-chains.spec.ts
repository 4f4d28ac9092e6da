import type { OrganisationId } from './ids';
import { StoppedChains } from './stopped-chains';

const [stoppedOne, other] = ['org_1', 'org_2'] as OrganisationId[] as [OrganisationId, OrganisationId];
const notice = { v: 1, organisationId: stoppedOne, reason: 'FORK' } as const;

describe('§8.8 chains that are stopped', () => {
  it('given a notice, its organisation is stopped, and nobody else', () => {
    const chains = new StoppedChains();
    expect(chains.heard(notice, 1_000)).toBe(true);
    expect(chains.reason(stoppedOne, 1_000)).toBe('FORK');
    expect(chains.reason(other, 1_000)).toBeNull();
  });

  it('given notices every ten seconds, it stays stopped; given silence, it is not', () => {
    const chains = new StoppedChains();
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 10_000) chains.heard(notice, nowMs);
    expect(chains.heard(notice, 60_000)).toBe(false);
    expect(chains.reason(stoppedOne, 90_000)).toBe('FORK');
    expect(chains.reason(stoppedOne, 96_000)).toBeNull();
    expect(chains.heard(notice, 97_000)).toBe(true);
  });
});
