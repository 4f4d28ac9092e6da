import type { ChainState } from './domain/chain-state';
import { type SealContext, type SealedBatch, type SealInput, sealing } from './domain/seal-batch';

/** Hashing lets others have the event loop after this. */
const TURN_MS = 2;

/** A batch sealed in turns with whatever else this process has to do: a part may hold a thousand events. */
export async function sealInTurns(state: ChainState, inputs: SealInput[], context: SealContext): Promise<SealedBatch> {
  const steps = sealing(state, inputs, context);
  for (let turn = performance.now(); ;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turn = performance.now();
  }
}
