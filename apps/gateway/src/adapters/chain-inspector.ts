import {
  type ChainRecord,
  equalBytes,
  HASH_BYTES,
  hashText,
  leafHash,
  parseRecord,
  type Sha256,
  StoredWalk,
  TILE_WIDTH,
} from '@audital/chain/check';
import { ledgerStreams, type OrganisationId } from '@audital/contracts';
import type { Ledger, StoredEvent, StoredEvents } from '@audital/ledger';
import { type Block, chainReport, type ChainStatus } from '../domain/chain-report';
import type { TrustedCheckpoint } from '../domain/verify-event';
import type { ChainIndex } from './chain-index';
import type { TrustKeeper } from './trust-keeper';

/** A result is given again for this long while the chain has not moved. */
export const CACHE_SECONDS = 2;
const PAGE = 100;
const INSPECTED_MAX = 10_000;

export interface ChainInspectorOptions {
  ledger: Ledger;
  stored: StoredEvents;
  index: ChainIndex;
  trust: TrustKeeper;
  sha256: Sha256;
  now: () => Date;
  /**
   * A longer chain is read from its newest events on (10,000 of them unless set): a request must not cost minutes. All of it is the
   * chain-verifier's to read.
   */
  inspectedMax?: number;
}

/** Reads a chain, payloads included, and says whether it still holds. Between pages the event loop gets its turn. */
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
      this.inspect(organisationId, head + 1).finally(() => this.running.delete(organisationId));
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

  private async inspect(organisationId: OrganisationId, total: number): Promise<ChainStatus> {
    // Taken before the walk: what is appended meanwhile lies beyond it and is only looked at for its links.
    const pin = this.o.trust.pin(organisationId);
    const doubt = this.o.trust.doubt(organisationId);
    const checkpoint = pin?.checkpoint ?? null;
    const { from, walk } = this.begin(organisationId, total, checkpoint && { ...checkpoint, head: pin?.head });
    const stream = ledgerStreams.chain(organisationId);
    let first = from > 0 ? await this.firstRecord(organisationId) : null;
    let last: StoredEvent | null = null;
    for (let next = from; ;) {
      const page = await this.o.ledger.read(stream, { from: next, limit: PAGE });
      if (page.length === 0) break;
      const payloads = await this.o.stored.payloads(organisationId, page);
      for (const { revision, data } of page) {
        const payload = payloads.get(revision);
        walk.add({ revision, data, payload: payload?.state === 'PRESENT' ? payload : null });
      }
      last = page.at(-1) as StoredEvent;
      first ??= page[0] as StoredEvent;
      next = last.revision + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { findings, redacted } = walk.finish(checkpoint !== null && this.tilesLeadTo(organisationId, checkpoint));
    const verifiedAt = this.o.now().toISOString();
    const blocks = { genesisBlock: first && this.block(first), latestBlock: last && this.block(last) };
    return chainReport(
      {
        ...{ organisationId, totalEvents: walk.size, inspectedFrom: from, findings, redacted, checkpoint },
        ...{ ...blocks, doubt, verifiedAt },
      },
      CACHE_SECONDS,
    );
  }

  /** From position 0, or, when that is too much for a request, from where the tiles take over. */
  private begin(
    organisationId: OrganisationId,
    total: number,
    kept: (TrustedCheckpoint & { head: Uint8Array | undefined }) | null,
  ): { from: number; walk: StoredWalk } {
    const options = {
      kept: kept && { size: kept.size, root: kept.root, head: kept.head ?? new Uint8Array(0) },
      rememberedLeaf: this.signedLeaves(organisationId),
    };
    const from = kept ? Math.min(total, kept.size) - (this.o.inspectedMax ?? INSPECTED_MAX) : 0;
    if (from > 0 && kept && this.tilesLeadTo(organisationId, kept)) {
      const tree = this.o.index.tree(organisationId);
      const part = { first: from, before: tree.compactRange(from), head: tree.leaf(from - 1) };
      return { from, walk: new StoredWalk(this.o.sha256, total, { ...options, ...part }) };
    }
    return { from: 0, walk: new StoredWalk(this.o.sha256, total, options) };
  }

  /** Whether our own tiles are the signed tree. If not, they tell nothing about the records. */
  private tilesLeadTo(organisationId: OrganisationId, { size, root }: TrustedCheckpoint): boolean {
    try {
      const tree = this.o.index.tree(organisationId);
      return tree.size >= size && equalBytes(tree.root(size), root);
    } catch {
      return false;
    }
  }

  private async firstRecord(organisationId: OrganisationId): Promise<StoredEvent | null> {
    return (await this.o.stored.records(organisationId, [0])).get(0) ?? null;
  }

  private block({ revision, data }: StoredEvent): Block {
    const record = recordIn(data);
    return {
      position: revision,
      id: record?.id ?? null,
      blockHash: hashText(leafHash(this.o.sha256, data)),
      previousHash: record?.prevHash ?? null,
      eventType: record?.eventType ?? null,
      timestamp: record?.timestamp ?? null,
    };
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

function recordIn(bytes: Uint8Array): ChainRecord | null {
  try {
    return parseRecord(bytes);
  } catch {
    return null;
  }
}
