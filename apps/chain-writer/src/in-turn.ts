import type { SealRequest } from '@audital/contracts';
import type { ChainState } from './domain/chain-state';

/** What work in a turn of an organisation's loop may do. */
export interface Turn {
  state: ChainState;
  /** One batch of its own, which starts from a state that may have left the open segment. */
  seal: (from: ChainState, request: SealRequest) => Promise<void>;
  /** Signs what stands (DESIGN §8.6). */
  sign: () => Promise<void>;
}

/** Work that has to have a loop to itself, each in a turn of its own. */
export class InTurn<State> {
  private readonly waiting: {
    work: (state: State) => Promise<void>;
    resolve: () => void;
    reject: (error: unknown) => void;
  }[] = [];

  get length(): number {
    return this.waiting.length;
  }

  /** Resolves or rejects as the work does, when its turn has come. */
  add(work: (state: State) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ work, resolve, reject }));
  }

  /** Throws what the work throws: whoever asked hears it, and the loop does. */
  async next(state: State): Promise<void> {
    const turn = this.waiting.shift();
    if (!turn) return;
    try {
      await turn.work(state);
      turn.resolve();
    } catch (error) {
      turn.reject(error);
      throw error;
    }
  }

  refuse(error: unknown): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
