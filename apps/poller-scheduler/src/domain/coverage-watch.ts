import {
  type CoverageBasis,
  type GapPayload,
  type GapReason,
  type Integration,
  MARK_EVERY_MS,
  type Observation,
  type PollEnded,
} from '@audital/contracts';
import { coverageObservation, gapObservation, iso } from './coverage-events';
import { CoverageHours } from './coverage-hours';

/** More intervals than this between two successful polls are a gap (DESIGN §5). */
const INTERVALS_MAX = 3;
/** Under an accelerated clock processes still need their real seconds. */
const INTERVAL_MS_MIN = 1_000;

/** From where on the next look is expected. `at` by AWS's clock, `local` by ours; `at` is null while AWS's clock is not known. */
interface Anchor {
  at: number | null;
  local: number;
  basis: CoverageBasis;
}

type KnownAnchor = Anchor & { at: number };

interface Gap {
  key: number;
  from: number;
  basis: CoverageBasis;
}

interface Step {
  at: number;
  integration: Integration;
}

/**
 * Whether one integration is looked at. It hears of changes of status and of polls, in the order of our clock, and is asked now and then
 * what is to be said. Distances between polls are measured by our clock, because a simulated one may jump; windows are AWS's.
 */
export class CoverageWatch {
  private integration: Integration | null = null;
  private readonly steps: Step[] = [];
  private readonly hours = new CoverageHours();
  private anchor: Anchor | null = null;
  /** Since the anchor was set by a change of status, a successful poll has been heard of. */
  private heard = false;
  private gap: Gap | null = null;
  private trouble: { reason: GapReason; detail: string | null } | null = null;
  /** AWS's clock minus ours, from the last successful poll. */
  private offset: number | null;
  private said: Observation[] = [];

  constructor(private readonly speed: number) {
    // Real accounts live in our time; a simulated one tells its own with its first answer.
    this.offset = speed === 1 ? 0 : null;
  }

  /** A change of the integration's stream, at the time it was written. */
  changed(integration: Integration, atLocal: number): void {
    this.steps.push({ at: atLocal, integration });
  }

  polled(poll: PollEnded): void {
    const local = Date.parse(poll.endedAtLocal);
    this.advance(local);
    const live = (poll.kind ?? 'LIVE') === 'LIVE';
    if (live && poll.outcome === 'OK' && poll.windowTo !== null) {
      this.offset = Date.parse(poll.endedAt) - local;
      this.looked(poll, local);
    } else if (live && poll.outcome !== 'OK') {
      this.trouble = { reason: poll.outcome, detail: poll.reason?.slice(0, 500).toWellFormed() ?? null };
      this.anchorAtMark(poll);
    }
    const ended = this.toAws(local);
    if (ended !== null) this.hours.addPoll(poll, ended);
  }

  /** What is to be said now and was not said before. `judgingSince`: when all remembered polls had been heard. */
  judge(nowLocal: number, judgingSince: number): Observation[] {
    this.advance(nowLocal);
    this.openIfDue(nowLocal, judgingSince);
    this.tellHours(nowLocal);
    const said = this.said;
    this.said = [];
    return said;
  }

  private advance(toLocal: number): void {
    while (this.steps[0] && this.steps[0].at <= toLocal) this.step(this.steps.shift() as Step);
  }

  private step({ at, integration }: Step): void {
    const was = this.integration?.status === 'ACTIVE';
    const is = integration.status === 'ACTIVE';
    if (was && !is) this.ends(integration.status, at);
    this.integration = integration;
    if (is && !was) {
      this.anchor = { at: this.toAws(at), local: at, basis: 'POLLS' };
      this.heard = false;
    }
  }

  /** Pause and deletion end coverage: an open gap ends with them, and the time after them is nobody's gap. */
  private ends(reason: string, atLocal: number): void {
    const at = this.toAws(atLocal);
    const { anchor } = this;
    if (at !== null) {
      if (anchor?.at && this.heard && !this.gap && this.isTooFar(anchor, atLocal))
        this.open({ ...anchor, at: anchor.at }, at);
      if (this.heard || this.gap) this.hours.ended(reason, at);
      if (this.gap) this.close(this.gap, { at: Math.max(at, this.gap.from), recovered: false, endedBy: reason });
    }
    this.anchor = null;
    this.trouble = null;
  }

  private looked(poll: PollEnded, local: number): void {
    if (this.integration?.status !== 'ACTIVE') return;
    const to = Date.parse(poll.windowTo as string);
    const windowFrom = poll.windowFrom === null ? null : Date.parse(poll.windowFrom);
    const anchor = this.heard && this.anchor ? this.anchor : this.firstAnchor(windowFrom);
    if (anchor.at !== null && to > anchor.at) this.since(anchor as KnownAnchor, { to, local, windowFrom });
    this.anchor = { at: to, local, basis: 'POLLS' };
    this.heard = true;
    this.trouble = null;
  }

  private since(anchor: KnownAnchor, seen: { to: number; local: number; windowFrom: number | null }): void {
    const { to, local, windowFrom } = seen;
    if (!this.gap && this.isTooFar(anchor, local)) this.open(anchor, to);
    if (!this.gap) return this.hours.addSpan({ fromMs: anchor.at, toMs: to, observed: true, basis: anchor.basis });
    // Only the mark may know better than the moment at which somebody began to wonder.
    const from = this.gap.basis === 'SCHEDULER_START' ? Math.min(this.gap.from, anchor.at) : this.gap.from;
    const recovered = windowFrom !== null && windowFrom <= from;
    this.close({ ...this.gap, from, basis: anchor.basis }, { at: Math.max(to, from), recovered, endedBy: 'POLL' });
  }

  /** Of the first poll that is heard of: polls before it may be lost, and then the mark that it started from is what is known. */
  private firstAnchor(windowFrom: number | null): Anchor {
    const began = this.anchor ?? { at: null, local: 0, basis: 'POLLS' as const };
    const at = began.at ?? this.toAws(began.local);
    if (windowFrom === null || (at !== null && windowFrom <= at)) return { ...began, at };
    return { at: windowFrom, local: windowFrom - (this.offset ?? 0), basis: 'LEDGER_MARK' };
  }

  /** A poll that could not look still says where the ledger's mark stands, if nothing better is known. */
  private anchorAtMark(poll: PollEnded): void {
    if (this.heard || !this.anchor || this.offset === null || this.gap) return;
    const known = this.firstAnchor(poll.markedAt ? Date.parse(poll.markedAt) : null);
    if (known.at === null) return;
    this.anchor = known;
    this.heard = true;
  }

  private openIfDue(nowLocal: number, judgingSince: number): void {
    const { anchor } = this;
    if (!anchor || this.gap) return;
    if (this.heard || anchor.local >= judgingSince) {
      if (anchor.at !== null && this.isTooFar(anchor, nowLocal))
        this.open({ ...anchor, at: anchor.at }, this.toAws(nowLocal) ?? anchor.at);
      return;
    }
    // Polls may have been lost: one is waited for, but not for ever.
    const since = { at: this.toAws(judgingSince), local: judgingSince, basis: 'SCHEDULER_START' as const };
    if (since.at !== null && this.isTooFar(since, nowLocal))
      this.open({ ...since, at: since.at }, this.toAws(nowLocal) ?? since.at);
  }

  private isTooFar({ local, basis }: Anchor, toLocal: number): boolean {
    const interval = ((this.integration as Integration).settings.syncInterval * 1000) / this.speed;
    const slack = basis === 'LEDGER_MARK' ? MARK_EVERY_MS / this.speed : 0;
    return toLocal - local > INTERVALS_MAX * Math.max(interval, INTERVAL_MS_MIN) + slack;
  }

  private open({ at: from, basis }: KnownAnchor, seenAt: number): void {
    this.gap = { key: from, from, basis };
    const nothingYet = { to: null, durationMs: null, recovered: null, endedBy: null };
    this.say(this.gap, { state: 'OPEN', ...nothingYet }, seenAt);
  }

  private close(gap: Gap, o: { at: number; recovered: boolean; endedBy: string }): void {
    const { at, recovered, endedBy } = o;
    this.hours.addSpan({ fromMs: gap.from, toMs: at, observed: false, basis: gap.basis });
    this.say(gap, { state: 'CLOSED', to: iso(at), durationMs: at - gap.from, recovered, endedBy }, at);
    this.gap = null;
  }

  private say(
    gap: Gap,
    o: Pick<GapPayload, 'state' | 'to' | 'durationMs' | 'recovered' | 'endedBy'>,
    seenAt: number,
  ): void {
    const integration = this.integration as Integration;
    const { reason, detail } = this.trouble ?? { reason: 'NOT_POLLED' as const, detail: null };
    const payload = {
      ...o,
      lastGoodPollAt: iso(gap.key),
      from: iso(gap.from),
      reason,
      detail,
      syncIntervalSeconds: integration.settings.syncInterval,
      basis: gap.basis,
    };
    this.said.push(gapObservation(integration, payload, iso(seenAt)));
  }

  /** An hour is told once everything in it is known: after the next successful poll, or while nobody looks, or when looking has ended. */
  private tellHours(nowLocal: number): void {
    const { integration } = this;
    const now = this.toAws(nowLocal);
    if (!integration || now === null) return;
    const active = integration.status === 'ACTIVE';
    const settled = this.gap || !active ? now : (this.heard && this.anchor?.at) || 0;
    for (const payload of this.hours.take(settled, this.gap && { fromMs: this.gap.from, basis: this.gap.basis }))
      this.said.push(coverageObservation(integration, payload, iso(now)));
  }

  /** AWS's time at a moment of ours. It is taken to run as fast as ours: of a simulated clock that is too little, never too much. */
  private toAws(local: number): number | null {
    return this.offset === null ? null : local + this.offset;
  }
}
