import { Unavailable } from '@audital/contracts';
import { HttpError } from './api';
import type { Simulator, Story } from './story-check';

/** The story side of the simulator's admin API. */
export class SimulatorClient implements Simulator {
  constructor(private readonly url: string) {}

  story(): Promise<Story> {
    return this.call('GET', '/_admin/story');
  }

  next(after: number): Promise<{ position: number; finished: boolean }> {
    return this.call('POST', '/_admin/story/next', { after });
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const init: RequestInit = { method, signal: AbortSignal.timeout(10_000) };
    if (body !== undefined) init.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, init);
    } catch (error) {
      throw new Unavailable('aws-simulator', `${method} ${path} got no answer from the simulator.`, { cause: error });
    }
    if (!response.ok) throw new HttpError(response.status, `${method} ${path} answered ${response.status}.`);
    return (await response.json()) as T;
  }
}
