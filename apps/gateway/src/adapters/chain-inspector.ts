import {
  type ChainRecord,
  ChainWalk,
  equalBytes,
  type Finding,
  HASH_BYTES,
  hashText,
  leafHash,
  type Sha256,
  TILE_WIDTH,
} from '@audital/chain/check';
import { ledgerStreams, type OrganisationId } from '@audital/contracts';
import type { Ledger, StoredEvent } from '@audital/ledger';
import { type Block, chainReport, type ChainStatus } from '../domain/chain-report';
import type { TrustedCheckpoint } from '../domain/verify-event';
import type { ChainIndex } from './chain-index';
import type { StoredEvents } from './stored-events';
import type { TrustKeeper } from './trust-keeper';

/** A result is given again for this long while the chain has not moved. */
export const CACHE_SECONDS = 2;
const PAGE = 100;

export interface ChainInspectorOptions {
  ledger: Ledger;
  stored: StoredEvents;
  index: ChainIndex;
  trust: TrustKeeper;
  sha256: Sha256;
  now: () => Date;
}

/** Reads a whole chain, payloads included, and says whether it still holds. Between pages the event loop gets its turn. */
export class ChainInspector {
  private readonly done = new Map<OrganisationId, { status: ChainStatus; head: number; size: number; at: number }>();
  private readonly running = new Map<OrganisationId, Promise<ChainStatus>>();

  constructor(private readonly o: ChainInspectorOptions) {}

  async status(organisationId: OrganisationId): Promise<ChainStatus> {
    const running = this.running.get(organisationId);
    if (running) return running;
    const head = await this.o.ledger.lastRevision(ledgerStreams.chain(organisationId));
    const size = this.o.trust.pin(organisationId)?.checkpoint.size ?? 0;
    const known = this.done.get(organisationId);
    const isFresh =
      known && known.head === head && known.size === size && this.o.now().getTime() - known.at < CACHE_SECONDS * 1000;
    if (isFresh) return known.status;
    const walk =
      this.running.get(organisationId) ??
      this.inspect(organisationId).finally(() => this.running.delete(organisationId));
    this.running.set(organisationId, walk);
    const status = await walk;
    this.done.set(organisationId, { status, head, size, at: this.o.now().getTime() });
    return status;
  }

  /** Whether the chain has, or under the kept checkpoint must have, a record at this position. */
  async holds(organisationId: OrganisationId, position: number): Promise<boolean> {
    if (position < (this.o.trust.pin(organisationId)?.checkpoint.size ?? 0)) return true;
    return position <= (await this.o.ledger.lastRevision(ledgerStreams.chain(organisationId)));
  }

  private async inspect(organisationId: OrganisationId): Promise<ChainStatus> {
    // Taken before the walk: what is appended meanwhile lies beyond it and is only looked at for its links.
    const checkpoint = this.o.trust.pin(organisationId)?.checkpoint ?? null;
    const doubt = this.o.trust.doubt(organisationId);
    const walk = new Walk(this.o.sha256, checkpoint, this.signedLeaves(organisationId));
    const stream = ledgerStreams.chain(organisationId);
    for (let next = 0; ;) {
      const page = await this.o.ledger.read(stream, { from: next, limit: PAGE });
      if (page.length === 0) break;
      const payloads = await this.o.stored.payloads(organisationId, page);
      for (const event of page) {
        const payload = payloads.get(event.revision);
        walk.add(event, payload?.state === 'PRESENT' ? payload : null);
      }
      next = (page.at(-1) as StoredEvent).revision + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { findings, size, first, last } = walk.finish();
    const verifiedAt = this.o.now().toISOString();
    return chainReport(
      {
        organisationId,
        totalEvents: size,
        genesisBlock: first,
        latestBlock: last,
        findings,
        checkpoint,
        doubt,
        verifiedAt,
      },
      CACHE_SECONDS,
    );
  }

  /** The leaves that the tiles hold; each tile is read once on the way up. */
  private signedLeaves(organisationId: OrganisationId): (position: number) => Uint8Array | null {
    let [n, tile]: [number, Uint8Array | null] = [-1, null];
    return (position) => {
      const wanted = Math.floor(position / TILE_WIDTH);
      if (wanted !== n) [n, tile] = [wanted, this.o.index.tile(organisationId, 0, wanted)];
      const at = (position % TILE_WIDTH) * HASH_BYTES;
      return tile && tile.length >= at + HASH_BYTES ? tile.subarray(at, at + HASH_BYTES) : null;
    };
  }
}

/** A walk over the stored bytes, compared with the tree that the trusted checkpoint signs. */
class Walk {
  private readonly walk: ChainWalk;
  private readonly changed: Finding[] = [];
  private rootHolds: boolean | null = null;
  private first: Block | null = null;
  private last: Block | null = null;

  constructor(
    private readonly sha256: Sha256,
    private readonly checkpoint: TrustedCheckpoint | null,
    private readonly signedLeaf: (position: number) => Uint8Array | null,
  ) {
    this.walk = new ChainWalk(sha256);
  }

  add(event: StoredEvent, payload: { salt: Uint8Array; bytes: Uint8Array } | null): void {
    const position = event.revision;
    const blockHash = leafHash(this.sha256, event.data);
    const record = this.walk.add({ chainPosition: position, record: event.data, payload });
    this.last = blockOf(position, blockHash, record);
    this.first ??= this.last;
    if (this.checkpoint === null || position >= this.checkpoint.size) return;
    const signed = this.signedLeaf(position);
    if (signed && !equalBytes(signed, blockHash)) {
      const message = `The record at position ${position} was changed: it hashes to ${hashText(blockHash)}, the signed tree has ${hashText(signed)}.`;
      this.changed.push({ kind: 'INVALID', position, message });
    }
    if (this.walk.size === this.checkpoint.size) this.rootHolds = equalBytes(this.walk.root(), this.checkpoint.root);
  }

  finish(): { findings: Finding[]; size: number; first: Block | null; last: Block | null } {
    const { size } = this.walk;
    const own = this.walk.finish();
    // With the signed root holding, every record under it is the signed one: a leaf that differs would be our own tile's fault.
    const changed = this.rootHolds === true ? [] : this.changed;
    const known = new Set(changed.map(({ position }) => position));
    const findings = [...changed, ...own.filter(({ kind, position }) => kind !== 'INVALID' || !known.has(position))];
    if (this.checkpoint && size < this.checkpoint.size) {
      const message = `The ledger ends at ${size} events, but a signed checkpoint of ${this.checkpoint.size} events was kept here.`;
      findings.push({ kind: 'ROLLBACK', position: size, message });
    } else if (this.rootHolds === false && !findings.some(({ kind }) => kind !== 'REDACTED')) {
      findings.push({
        kind: 'FORK',
        position: 0,
        message: 'The stored records are linked, but they are not the ones that the kept checkpoint signs.',
      });
    }
    return { findings, size, first: this.first, last: this.last };
  }
}

function blockOf(position: number, blockHash: Uint8Array, record: ChainRecord | null): Block {
  return {
    position,
    id: record?.id ?? null,
    blockHash: hashText(blockHash),
    previousHash: record?.prevHash ?? null,
    eventType: record?.eventType ?? null,
    timestamp: record?.timestamp ?? null,
  };
}
