import { setTimeout as delay } from 'node:timers/promises';
import { type OrganisationId, Unavailable, type VerifierReport } from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import type { Log } from './adapters/log';
import type { PassResult } from './domain/chain-pass';
import { alertsAfter } from './domain/pass-findings';
import { Throttle } from './throttle';
import { verifyChain, type VerifyPorts } from './verify-chain';

export interface VerifierOptions extends VerifyPorts {
  ledger: Ledger;
  log: Log;
  /** Between two looks at the new part of every chain. */
  intervalMs: number;
  /** Between two rounds of passes over every whole chain. */
  pauseMs: number;
  /** Of one core, for the whole passes: from above 0 to 1. */
  share: number;
  /** How long a ledger that reads shorter than before is read again before that counts: a server that has just started may show an older end. */
  rollbackPatienceMs: number;
  /** Told after every pass. */
  onReport: (report: VerifierReport) => void;
}

const CATEGORY = 'organisation-';
const RETRY_MS = 5_000;

/**
 * Two loops over all chains: a look at what is new, every minute, and a pass over everything, again and again, at a share of a core. One chain's
 * corruption is that chain's report; the others are verified all the same.
 */
export class Verifier {
  private readonly known = new Set<OrganisationId>();
  private readonly shortSince = new Map<OrganisationId, number>();
  private listedTo: string | null = null;
  private isLedgerAway = false;

  constructor(private readonly o: VerifierOptions) {}

  /** Until the signal. Rejects for what is a bug. */
  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, pauseMs } = this.o;
    await Promise.all([
      this.repeat(signal, intervalMs, (id) => this.look(id, signal)),
      this.repeat(signal, pauseMs, (id) => this.passOver(id, signal)),
    ]);
  }

  report(organisationId: OrganisationId): VerifierReport {
    const nothing = { totalEvents: 0, verifiedTo: 0, valid: false, lastVerifiedAt: null, lastFullVerification: null };
    return this.o.index.report(organisationId) ?? { organisationId, ...nothing, alerts: [] };
  }

  /** The new part of one chain, up to the newest checkpoint. */
  look(organisationId: OrganisationId, signal: AbortSignal): Promise<void> {
    const isFirst = this.o.memory.get(organisationId) === null;
    return this.read(organisationId, { isWhole: false, share: isFirst ? this.o.share : 1, signal });
  }

  /** All of one chain, from position 0. What this does not find is over. */
  passOver(organisationId: OrganisationId, signal: AbortSignal): Promise<void> {
    return this.read(organisationId, { isWhole: true, share: this.o.share, signal });
  }

  private async read(
    organisationId: OrganisationId,
    { isWhole, share, signal }: { isWhole: boolean; share: number; signal: AbortSignal },
  ): Promise<void> {
    const throttle = new Throttle(share, signal);
    const startedAt = this.o.now().toISOString();
    const result = await verifyChain(this.o, organisationId, { isWhole, rest: () => throttle.rest(), signal });
    if (result) this.conclude(organisationId, result, { isWhole, startedAt });
  }

  private async repeat(
    signal: AbortSignal,
    pauseMs: number,
    visit: (organisationId: OrganisationId) => Promise<void>,
  ): Promise<void> {
    while (!signal.aborted) {
      const hasAll = await this.whenThere(() => this.listOrganisations(signal));
      for (const organisationId of this.known) {
        if (signal.aborted) return;
        await this.whenThere(() => visit(organisationId));
      }
      await delay(hasAll ? pauseMs : RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** False when the ledger is away: it is asked again later, and nothing is concluded. */
  private async whenThere(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (this.isLedgerAway) this.o.log.info({}, 'The ledger is back.');
      this.isLedgerAway = false;
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (!this.isLedgerAway)
        this.o.log.warn({ reason: error.message }, 'The ledger is away; it is read when it is back.');
      this.isLedgerAway = true;
      return false;
    }
  }

  /** Every organisation that the ledger names, and every one that was ever verified: what vanishes from the ledger is missed. */
  private async listOrganisations(signal: AbortSignal): Promise<void> {
    for (const organisationId of this.o.memory.organisations()) this.known.add(organisationId);
    const listed = new AbortController();
    const target = { category: CATEGORY, afterPosition: this.listedTo };
    await this.o.ledger.follow(
      target,
      ({ stream, position }) => {
        this.known.add(stream.slice(CATEGORY.length) as OrganisationId);
        this.listedTo = position;
      },
      { signal: AbortSignal.any([listed.signal, signal]), onCaughtUp: () => listed.abort() },
    );
  }

  private conclude(
    organisationId: OrganisationId,
    result: PassResult,
    { isWhole, startedAt }: { isWhole: boolean; startedAt: string },
  ): void {
    const before = this.report(organisationId);
    const now = this.o.now().toISOString();
    const found = this.confirmed(organisationId, result);
    const alerts = alertsAfter(before.alerts, found, { isWhole, startedAt, now });
    const keptTo = this.o.memory.get(organisationId)?.size ?? 0;
    const report: VerifierReport = {
      organisationId,
      totalEvents: result.totalEvents,
      verifiedTo: Math.min(keptTo, ...alerts.map(({ firstBadPosition }) => firstBadPosition)),
      valid: alerts.length === 0,
      lastVerifiedAt: now,
      lastFullVerification: isWhole ? { size: result.totalEvents, at: now } : before.lastFullVerification,
      alerts,
    };
    this.o.index.saveReport(report);
    this.tell(before, report);
    this.o.onReport(report);
  }

  /** Each alert is said once, and its end too. */
  private tell(before: VerifierReport, { organisationId, alerts }: VerifierReport): void {
    const has = (list: VerifierReport['alerts'], code: string, position: number): boolean =>
      list.some((one) => one.code === code && one.firstBadPosition === position);
    for (const { code, firstBadPosition: position, affectedRange, message } of alerts)
      if (!has(before.alerts, code, position))
        this.o.log.error({ organisationId, code, position, affectedRange, message }, 'The chain does not verify.');
    for (const { code, firstBadPosition: position } of before.alerts)
      if (!has(alerts, code, position))
        this.o.log.info({ organisationId, code, position }, 'A whole pass does not find this alert any more.');
  }

  /** A short end counts when it has been read for long enough (DESIGN §8.7). */
  private confirmed(organisationId: OrganisationId, { findings }: PassResult): PassResult['findings'] {
    const isShort = findings.some(({ code }) => code === 'ROLLBACK');
    if (!isShort) this.shortSince.delete(organisationId);
    if (!isShort) return findings;
    const nowMs = this.o.now().getTime();
    const since = this.shortSince.get(organisationId) ?? nowMs;
    this.shortSince.set(organisationId, since);
    return nowMs - since >= this.o.rollbackPatienceMs ? findings : findings.filter(({ code }) => code !== 'ROLLBACK');
  }
}
