import { Conflict, Unavailable } from '@audital/contracts';
import { readAll } from './events';
import { type Ledger, type NewEvent, NO_STREAM, type StoredEvent } from './ledger';

export interface Handled<State, Event> {
  state: State;
  events: Event[];
  /** Of the stream's last event afterwards. */
  revision: number;
}

export interface Decider<State, Event> {
  initialState: State;
  decode: (stored: StoredEvent) => Event;
  encode: (event: Event) => NewEvent;
  evolve: (state: State, event: Event, revision: number) => State;
  /** Throws Rejected; an empty list changes nothing. */
  decide: (state: State) => Event[];
}

const TRIES = 3;

/** Load, decide, append; when someone wrote first, reload and decide again. */
export async function handle<State, Event>(
  ledger: Ledger,
  stream: string,
  decider: Decider<State, Event>,
): Promise<Handled<State, Event>> {
  for (let tried = 1; ; tried += 1) {
    const { state, revision } = await load(ledger, stream, decider);
    const events = decider.decide(state);
    if (events.length === 0) return { state, events, revision };
    try {
      const { lastRevision } = await ledger.append(stream, revision, events.map(decider.encode));
      return {
        state: events.reduce((at, event, index) => decider.evolve(at, event, revision + 1 + index), state),
        events,
        revision: lastRevision,
      };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (tried === TRIES)
        throw new Unavailable('ledger', `${stream} is written by somebody else at the same time: try again.`, {
          cause: error,
        });
    }
  }
}

export async function load<State, Event>(
  ledger: Ledger,
  stream: string,
  decider: Pick<Decider<State, Event>, 'initialState' | 'decode' | 'evolve'>,
): Promise<{ state: State; revision: number }> {
  let state = decider.initialState;
  let revision = NO_STREAM;
  for await (const stored of readAll(ledger, stream)) {
    state = decider.evolve(state, decider.decode(stored), stored.revision);
    revision = stored.revision;
  }
  return { state, revision };
}
