import type { OrganisationId } from './ids';
import type { ChainStoppedNotice } from './subjects';

/** The chain-writer tells it every ten seconds; three may be lost. */
const HOLDS_MS = 35_000;

/** Organisations whose chain takes nothing: what a poll would report would be dropped (DESIGN §8.8). Times are ms, by the caller's clock. */
export class StoppedChains {
  private readonly heardAt = new Map<OrganisationId, { reason: string; atMs: number }>();

  /** True when it was not known to be stopped. */
  heard({ organisationId, reason }: ChainStoppedNotice, nowMs: number): boolean {
    const isNews = this.reason(organisationId, nowMs) === null;
    this.heardAt.set(organisationId, { reason, atMs: nowMs });
    return isNews;
  }

  /** Why the chain is stopped, or null when it is not, as far as is known. */
  reason(organisationId: OrganisationId, nowMs: number): string | null {
    const heard = this.heardAt.get(organisationId);
    return heard && nowMs - heard.atMs <= HOLDS_MS ? heard.reason : null;
  }
}
