import { hashText } from '@audital/chain/check';
import { type AppendReply, type OrganisationId, Rejected, Unavailable } from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import type { Identity } from './domain/identity';
import { factsOf, type Outcome, type SealedBatch, type SealInput } from './domain/seal-batch';
import type { InFlight } from './in-flight';
import type { WriterOutlets } from './outlets';
import { replay } from './replay';

export type SealResult = { reply: AppendReply | null };

/** Somebody who is to hear what became of an input. */
export interface Waiting {
  input: SealInput;
  resolve: (result: SealResult) => void;
  reject: (error: unknown) => void;
}

/** DESIGN §8.8: polls are acknowledged and dropped (their cursors have not moved), users are told to come back. */
export function refuseAll(batch: Waiting[], why: string): void {
  for (const { input, resolve, reject } of batch) {
    if (input.kind === 'seal') resolve({ reply: null });
    else reject(new Unavailable('chain', why));
  }
}

/** Of a part. */
type Settled = Extract<Outcome, { kind: 'sealed' | 'dropped' }>;

/** Tells those who wait what became of their inputs. */
export class Answers {
  constructor(
    private readonly organisationId: OrganisationId,
    private readonly o: {
      ledger: Ledger;
      outlets: WriterOutlets;
      identity: Identity;
      /** It has to be asked again, with the next batch. */
      again: (one: Waiting) => void;
    },
  ) {}

  /** Keys that the chain knows are answered from the ledger, those in flight with the next batch. Answers what is to be sealed. */
  async knownKeys(
    waiting: Waiting[],
    inChain: (identity: string) => number | null,
    inFlight: InFlight | null,
  ): Promise<Waiting[]> {
    const rest: Waiting[] = [];
    for (const one of waiting) {
      const { input, resolve, reject } = one;
      if (input.kind === 'seal') {
        rest.push(one);
        continue;
      }
      const identity = this.o.identity.of(factsOf(input, false)[0] as string);
      const position = inChain(identity);
      if (inFlight && inFlight.find(identity) !== null) this.o.again(one);
      else if (position === null) rest.push(one);
      else
        await replay(this.o.ledger, this.organisationId, input.request, position).then(
          (reply) => resolve({ reply }),
          reject,
        );
    }
    return rest;
  }

  /** Everything of the batch is stored. */
  async give(batch: Waiting[], sealed: SealedBatch): Promise<void> {
    for (const [index, outcome] of sealed.outcomes.entries()) {
      const one = batch[index] as Waiting;
      if (outcome.kind !== 'sealed' && outcome.kind !== 'dropped') this.reply(one, outcome, sealed);
      else if (outcome.dead.length > 0) await this.buryThenAcknowledge(one, outcome);
      else this.acknowledge(one, outcome);
    }
  }

  private acknowledge(one: Waiting, outcome: Settled): void {
    if (outcome.kind === 'dropped') this.o.outlets.onDropped(this.organisationId, outcome.reason);
    one.resolve({ reply: null });
  }

  private async buryThenAcknowledge(one: Waiting, outcome: Settled): Promise<void> {
    try {
      for (const { observation, reason } of outcome.dead)
        await this.o.outlets.bury(this.organisationId, observation, reason);
      this.acknowledge(one, outcome);
    } catch (error) {
      // As if it had died in here: the message comes again, EVIDENCE_LOST stands, and all copies are made (again).
      one.reject(error);
    }
  }

  private reply(one: Waiting, outcome: Exclude<Outcome, Settled>, { records }: SealedBatch): void {
    switch (outcome.kind) {
      case 'appended': {
        const record = records[outcome.position - (records[0]?.position ?? 0)];
        if (!record) return;
        const { id, position, blockHash } = record;
        one.resolve({ reply: { id, chainPosition: position, blockHash: hashText(blockHash), replayed: false } });
        return;
      }
      case 'again':
        this.o.again(one);
        return;
      case 'refused':
        one.reject(new Rejected('EVENT_INVALID', `The event was not sealed: ${outcome.reason}`));
    }
  }
}
