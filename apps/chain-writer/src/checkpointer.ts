import { equalBytes, openCheckpoint, parseVkey } from '@audital/chain/check';
import { checkpointText, signNote, treeRoot } from '@audital/chain/write';
import { Conflict, ledgerStreams, LEDGER_TYPES, type OrganisationId } from '@audital/contracts';
import { binaryEvent, NO_STREAM } from '@audital/ledger';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { type SigningKey, sha256, verifyEd25519 } from './adapters/keys';
import { appendSurely } from './chain-store';
import type { ChainState } from './domain/chain-state';
import type { WriterPorts } from './load-chain';

/** Ten minutes at the latest (C2SP: a log that is silent for longer counts as stale); looked at several times a minute. */
export const REPUBLISH_MS = 10 * 60_000 - 30_000;

/** Signs one chain's checkpoints and publishes them, in the order of DESIGN §8.6. */
export class Checkpointer {
  /** The newest that was signed, as the checkpoint store has it. */
  kept: KeptCheckpoint | null = null;
  private publishedAtMs = 0;

  constructor(
    private readonly organisationId: OrganisationId,
    private readonly origin: string,
    private readonly ports: Pick<WriterPorts, 'ledger' | 'checkpoints'>,
    private readonly o: {
      /** Those that sign the tree of a size. */
      keysAt: (size: number) => readonly SigningKey[];
      now: () => Date;
      published: (checkpoint: KeptCheckpoint) => void;
    },
  ) {}

  /** Signed is only what the ledger has acknowledged: `state` follows the appends. Throws Conflict when somebody else signed. */
  async sign({ tree }: ChainState): Promise<void> {
    if (tree.size === 0) return;
    if (this.kept?.size !== tree.size) {
      const text = checkpointText({ origin: this.origin, size: tree.size, root: treeRoot(sha256, tree) });
      const signers = this.o.keysAt(tree.size).map(({ signer }) => signer);
      const next = { size: tree.size, root: treeRoot(sha256, tree), note: signNote(sha256, text, signers) };
      // Dying before the swap, nobody has seen the note; dying after it, the store holds it whole, and the next load publishes it.
      if (!(await this.ports.checkpoints.swap(this.origin, this.kept, next)))
        throw new Conflict(`checkpoint of ${this.origin}`, this.kept?.size ?? 0, tree.size);
      this.kept = next;
    }
    await this.publish();
  }

  /** The stream lacks the newest note after a crash between swap and append; the same append mends that and is the normal way too. */
  async publish(): Promise<void> {
    if (!this.kept) return;
    openCheckpoint(
      this.kept.note,
      this.o.keysAt(this.kept.size).map(({ vkey }) => parseVkey(sha256, vkey)),
      verifyEd25519,
    );
    const stream = ledgerStreams.checkpoint(this.organisationId);
    const note = new TextEncoder().encode(this.kept.note);
    const [last] = await this.ports.ledger.read(stream, { direction: 'backwards', limit: 1 });
    if (!last || !equalBytes(last.data, note)) {
      const events = [binaryEvent(LEDGER_TYPES.checkpoint, note)];
      await appendSurely(this.ports.ledger, [{ stream, expectedRevision: last?.revision ?? NO_STREAM, events }]);
    }
    // Dying here, subscribers have not heard of it: the next load publishes the newest note again.
    this.tell();
  }

  /** Tells the newest checkpoint once more when nobody has heard of one for ten minutes: silence and standstill are different things. */
  republishWhenDue(): void {
    const silentMs = this.o.now().getTime() - this.publishedAtMs;
    // A clock that went back must not silence the log either.
    if (this.kept && (silentMs >= REPUBLISH_MS || silentMs < 0)) this.tell();
  }

  private tell(): void {
    this.publishedAtMs = this.o.now().getTime();
    if (this.kept) this.o.published(this.kept);
  }
}
