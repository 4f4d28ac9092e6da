import type { ChainState } from './domain/chain-state';
import { type SealContext, type SealedBatch, type SealInput, sealing } from './domain/seal-batch';
import { Turns } from './turns';

/** A batch sealed in turns with whatever else this process has to do: a part may hold a thousand events. */
export async function sealInTurns(state: ChainState, inputs: SealInput[], context: SealContext): Promise<SealedBatch> {
  const steps = sealing(state, inputs, context);
  const turns = new Turns();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (turns.isOver) await turns.pass();
  }
}
