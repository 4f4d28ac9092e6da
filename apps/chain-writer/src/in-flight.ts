import { hashText } from '@audital/chain/check';
import { moveBytes } from '@audital/contracts';
import { sha256 } from './adapters/keys';
import type { CursorAppend, SealedBatch } from './domain/seal-batch';
import type { Fences } from './look-up';

/** A batch that is sealed and being stored: what the one after it has to know before the ledger does. */
export class InFlight {
  private readonly positions: ReadonlyMap<string, number>;
  /** The last move of each. */
  private readonly cursors: ReadonlyMap<string, CursorAppend>;
  readonly anyLoss: boolean;

  constructor(
    { records, cursors, positions }: SealedBatch,
    /** Resolves when the batch is stored, indexed and answered, or has failed and was answered so. Never rejects. */
    readonly landed: Promise<void>,
  ) {
    this.positions = positions;
    this.cursors = new Map(cursors.map((move) => [move.stream, move]));
    this.anyLoss = records.some(({ isLoss }) => isLoss);
  }

  find(identity: string): number | null {
    return this.positions.get(identity) ?? null;
  }

  /** Fences as they will be: the ledger may have been asked before or after the batch was stored. */
  over(fences: Fences): Fences {
    const [revisions, moves] = [new Map(fences.revisions), new Map(fences.moves)];
    for (const [stream, { expectedRevision, event }] of this.cursors) {
      if ((revisions.get(stream) ?? -1) > expectedRevision) continue;
      revisions.set(stream, expectedRevision + 1);
      moves.set(stream, hashText(sha256(moveBytes(event.changes))));
    }
    return { revisions, moves };
  }
}
