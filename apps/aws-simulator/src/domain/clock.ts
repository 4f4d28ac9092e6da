/** What the account's time follows. Milliseconds since 1970; `simulatedAt` and `realAt` are one moment on both clocks. */
export interface Anchor {
  simulatedAt: number;
  realAt: number;
  /** Simulated seconds in a real second; 0 stands still. */
  rate: number;
}

/** The account replays the recent past: its time may run faster than real time, and is never ahead of it. */
export function timeAt(anchor: Anchor, realNow: number): number {
  const elapsed = Math.max(0, realNow - anchor.realAt);
  return Math.floor(Math.max(anchor.simulatedAt, Math.min(anchor.simulatedAt + elapsed * anchor.rate, realNow)));
}
