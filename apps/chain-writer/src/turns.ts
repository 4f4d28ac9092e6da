/** Long work asks, between any two steps of it, whether others should have the event loop: a chain of millions must hold nobody up. */
export class Turns {
  private since = performance.now();

  constructor(private readonly turnMs = 2) {}

  get isOver(): boolean {
    return performance.now() - this.since >= this.turnMs;
  }

  /** Resolves when whoever was waiting has had a turn. */
  async pass(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
