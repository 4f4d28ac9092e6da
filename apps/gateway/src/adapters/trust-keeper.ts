import { setTimeout as delay } from 'node:timers/promises';
import { equalBytes, fromUtf8, type Sha256, unsignedCheckpoint, type VerifySignature } from '@audital/chain/check';
import { ledgerStreams, type OrganisationId, Unavailable } from '@audital/contracts';
import type { Ledger, StoredEvent } from '@audital/ledger';
import {
  type KnownTree,
  type Offer,
  offerCheckpoint,
  type Pin,
  type RefusalCode,
  type StoredKeyChange,
} from '../domain/trust';
import type { Trust } from '../domain/verify-event';
import { type ChainFollower, organisationOf } from './chain-follower';
import type { ChainIndex } from './chain-index';
import { followThroughBreaks } from './follow';
import type { Log } from './log';
import type { Pins } from './pins';

const CATEGORY = 'checkpoint-';
const RETRY_MS = 1_000;
const SUSPICION_MS = 60_000;

export interface Doubt {
  code: RefusalCode | 'ROLLBACK';
  reason: string;
  since: string;
}

interface Standing {
  /** The newest note of the ledger, as far as it is known. */
  note: string | null;
  doubt: Doubt | null;
  /** The kept checkpoint's root was found in our own tree since the start. */
  rooted: boolean;
  /** A rebuild did not help for this note: it is not tried again. */
  rebuiltFor: string | null;
  tilesSuspectedAt: number;
}

export interface TrustKeeperOptions {
  ledger: Ledger;
  index: ChainIndex;
  follower: ChainFollower;
  pins: Pins;
  sha256: Sha256;
  verify: VerifySignature;
  originOf: (organisationId: OrganisationId) => string;
  /** The vkey in LOG_CREATED, read from the ledger; null while there is none. */
  firstVkey: (organisationId: OrganisationId) => Promise<string | null>;
  /** The events from a position on that change keys, as far as they are indexed. */
  keyChanges: (organisationId: OrganisationId, from: number) => Promise<StoredKeyChange[]>;
  now: () => Date;
  log: Log;
}

/**
 * Decides which checkpoint answers are verified under. Every note of the ledger is offered to `offerCheckpoint`; what is accepted is
 * pinned before anybody is told of it. Doubts are alarms: they are logged, and shown by chain-status until they are resolved.
 */
export class TrustKeeper {
  private readonly standings = new Map<OrganisationId, Standing>();
  private readonly judging = new Map<OrganisationId, Promise<void>>();
  private readonly listeners = new Set<(organisationId: OrganisationId) => void>();
  private isCaughtUp = false;

  constructor(private readonly o: TrustKeeperOptions) {
    const judgeAll = (organisationIds: OrganisationId[]): void => organisationIds.forEach((id) => void this.judge(id));
    // When the index has reached the end, a chain that is shorter than its kept checkpoint shows, one without any event too.
    o.follower.notify({ indexed: judgeAll, caughtUp: () => judgeAll(o.pins.organisations()) });
  }

  get caughtUp(): boolean {
    return this.isCaughtUp;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ledger, index, log } = this.o;
    for (const organisationId of index.organisations()) await this.readNewest(organisationId, signal);
    await followThroughBreaks({
      ledger,
      from: () => ({ category: CATEGORY, afterPosition: index.place(CATEGORY)?.position ?? null }),
      handle: (event) => this.take(event),
      signal,
      onCaughtUp: () => (this.isCaughtUp = true),
      log,
    });
    await Promise.all(this.judging.values());
  }

  trust(organisationId: OrganisationId): Trust {
    const pin = this.o.pins.get(organisationId);
    const { doubt, rooted } = this.standing(organisationId);
    if (pin === null)
      return doubt
        ? { state: 'REFUSED', reason: doubt.reason }
        : { state: 'NONE', reason: 'No checkpoint has been signed yet.' };
    if (!doubt && !rooted) return { state: 'NONE', reason: 'The gateway is still reading the ledger.' };
    if (doubt?.code === 'FORK' || doubt?.code === 'ROLLBACK' || (doubt && !rooted))
      return { state: 'REFUSED', reason: doubt.reason };
    return { state: 'TRUSTED', checkpoint: pin.checkpoint, doubt: doubt?.reason ?? null };
  }

  pin(organisationId: OrganisationId): Pin | null {
    return this.o.pins.get(organisationId);
  }

  doubt(organisationId: OrganisationId): Doubt | null {
    return this.standing(organisationId).doubt;
  }

  /** Called whenever a newer checkpoint was accepted. Answers the way to stop. */
  onAccepted(listener: (organisationId: OrganisationId) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A tile does not lead to the root that the tree leads to: the tiles are built anew, once a minute at most. */
  suspectTiles(organisationId: OrganisationId): void {
    const standing = this.standing(organisationId);
    const now = this.o.now().getTime();
    const pin = this.o.pins.get(organisationId);
    if (pin === null || now - standing.tilesSuspectedAt < SUSPICION_MS) return;
    standing.tilesSuspectedAt = now;
    this.o.log.warn({ organisationId }, 'The Merkle tiles are built anew: one of them is damaged.');
    const { checkpoint, head } = pin;
    const leadsToRoot = (tree: KnownTree): boolean =>
      tree.size >= checkpoint.size && equalBytes(tree.root(checkpoint.size), checkpoint.root);
    void this.o.follower.rebuild(organisationId, { position: checkpoint.size - 1, head }, leadsToRoot);
  }

  /** One judgement at a time for each organisation; what arrives meanwhile is looked at by the next. */
  judge(organisationId: OrganisationId): Promise<void> {
    const before = this.judging.get(organisationId) ?? Promise.resolve();
    const next = before.then(() => this.judgeWhenPossible(organisationId));
    this.judging.set(organisationId, next);
    return next;
  }

  private async judgeWhenPossible(organisationId: OrganisationId): Promise<void> {
    try {
      await this.judgeNow(organisationId);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.o.log.warn(
        { organisationId, reason: error.message },
        'A checkpoint cannot be judged now; it is tried again.',
      );
      setTimeout(() => void this.judge(organisationId), RETRY_MS).unref();
    }
  }

  private take(event: StoredEvent): void {
    const organisationId = organisationOf(event.stream);
    this.standing(organisationId).note = noteOf(event);
    this.o.index.keepPlace(CATEGORY, event);
    void this.judge(organisationId);
  }

  private async readNewest(organisationId: OrganisationId, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const [newest] = await this.o.ledger.read(ledgerStreams.checkpoint(organisationId), {
          direction: 'backwards',
          limit: 1,
        });
        this.standing(organisationId).note = newest ? noteOf(newest) : null;
        return await this.judge(organisationId);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async judgeNow(organisationId: OrganisationId): Promise<void> {
    const standing = this.standing(organisationId);
    const pin = this.o.pins.get(organisationId);
    if (pin && !standing.rooted && !(await this.findRoot(organisationId, pin))) return;
    if (standing.note === null || standing.note === this.o.pins.get(organisationId)?.checkpoint.note)
      return this.resolve(organisationId);
    const offer = await this.offer(organisationId, standing.note);
    if (offer.outcome === 'KNOWN') this.resolve(organisationId);
    if (offer.outcome === 'REFUSED') this.refuse(organisationId, offer);
    if (offer.outcome !== 'ACCEPTED') return;
    // Pinned before anything is answered under it: a gateway that dies here finds it again.
    this.o.pins.keep(organisationId, offer.pin);
    standing.rooted = true;
    this.resolve(organisationId);
    for (const listener of this.listeners) listener(organisationId);
  }

  /** Whether our own tree still leads to the checkpoint that was kept. */
  private async findRoot(organisationId: OrganisationId, pin: Pin): Promise<boolean> {
    const standing = this.standing(organisationId);
    const offer = await this.offer(organisationId, pin.checkpoint.note);
    standing.rooted = offer.outcome === 'ACCEPTED';
    if (offer.outcome === 'REFUSED') this.refuse(organisationId, offer);
    if (offer.outcome === 'WAIT' && this.o.follower.caughtUp) {
      const { size } = this.o.index.tree(organisationId);
      this.refuse(organisationId, {
        code: 'ROLLBACK',
        reason: `The ledger holds ${size} events, but a signed checkpoint of ${pin.checkpoint.size} events was kept here.`,
      });
    }
    return standing.rooted;
  }

  private async offer(organisationId: OrganisationId, note: string): Promise<Offer> {
    const { index, pins, sha256, verify, originOf } = this.o;
    const pin = pins.get(organisationId);
    const firstVkey = pin ? null : await this.o.firstVkey(organisationId);
    const indexed = index.size(organisationId);
    const keyChanges = await this.o.keyChanges(organisationId, pin?.checkpoint.size ?? 0);
    const attempt = (): Offer => {
      try {
        return offerCheckpoint(sha256, verify, {
          origin: originOf(organisationId),
          note,
          pin,
          firstVkey,
          keyChanges,
          tree: index.tree(organisationId),
        });
      } catch (error) {
        return {
          outcome: 'REFUSED',
          code: 'ROOT_MISMATCH',
          reason: `The index of the Merkle tree cannot be read: ${(error as Error).message}`,
        };
      }
    };
    const first = attempt();
    const standing = this.standing(organisationId);
    if (first.outcome === 'REFUSED' && first.code === 'CHECKPOINT_INVALID')
      return (await this.isAhead(organisationId, note, indexed)) ? { outcome: 'WAIT' } : first;
    if (first.outcome !== 'REFUSED' || first.code !== 'ROOT_MISMATCH' || standing.rebuiltFor === note) return first;
    standing.rebuiltFor = note;
    this.o.log.warn({ organisationId, reason: first.reason }, 'The Merkle tiles are built anew from the ledger.');
    const anchor = pin && { position: pin.checkpoint.size - 1, head: pin.head };
    await this.o.follower.rebuild(organisationId, anchor, () => attempt().outcome !== 'REFUSED');
    return attempt();
  }

  /** Whether the ledger holds what the note covers and the index does not yet: it may be signed by a key that is handed over to there. */
  private async isAhead(organisationId: OrganisationId, note: string, indexed: number): Promise<boolean> {
    const size = unsignedCheckpoint(note)?.size ?? 0;
    return size > indexed && size <= (await this.o.ledger.lastRevision(ledgerStreams.chain(organisationId))) + 1;
  }

  private refuse(organisationId: OrganisationId, { code, reason }: { code: Doubt['code']; reason: string }): void {
    const standing = this.standing(organisationId);
    if (standing.doubt?.code === code) return;
    standing.doubt = { code, reason, since: this.o.now().toISOString() };
    // Nothing is wrong yet with a log that has not published its first event and key.
    if (code !== 'UNPINNED')
      this.o.log.error({ organisationId, code, reason }, 'A checkpoint is refused: this log is not to be believed.');
  }

  private resolve(organisationId: OrganisationId): void {
    this.standing(organisationId).doubt = null;
  }

  private standing(organisationId: OrganisationId): Standing {
    const known = this.standings.get(organisationId) ?? {
      note: null,
      doubt: null,
      rooted: false,
      rebuiltFor: null,
      tilesSuspectedAt: 0,
    };
    this.standings.set(organisationId, known);
    return known;
  }
}

/** Bytes that are no text are no note either, and are refused as such. */
function noteOf({ data }: StoredEvent): string {
  try {
    return fromUtf8(data);
  } catch {
    return '';
  }
}
