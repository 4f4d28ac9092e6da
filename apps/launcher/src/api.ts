import type { AuditEvent } from '@audital/contracts';
import { Unavailable } from '@audital/contracts';

interface Problem {
  title: string;
  detail?: string;
  code?: string;
  errors?: { pointer: string; message: string }[];
}

export interface IntegrationView {
  id: string;
  status: string;
  test?: { reason: { message: string } | null } | null;
  lastPolledAt?: string | null;
}

export interface ChainStatus {
  valid: boolean;
  verdict?: string;
  totalEvents: number;
}

/** The public HTTP API, as any customer sees it: the launcher has no other door. */
export class Api {
  constructor(
    readonly url: string,
    private readonly apiKey: string,
  ) {}

  /** The request of the README; answers 201 the first time and 200 with the same integration ever after. */
  register(externalId: string): Promise<IntegrationView> {
    return this.call('POST', '/v1/integrations/sagemaker', {
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
      externalId,
      syncInterval: 60,
      filters: { namePrefix: 'credit-scorer', tags: { Environment: 'production' } },
    });
  }

  integration(id: string): Promise<IntegrationView> {
    return this.call('GET', `/v1/integrations/sagemaker/${id}`);
  }

  sync(id: string): Promise<unknown> {
    return this.call('POST', `/v1/integrations/sagemaker/${id}/sync`);
  }

  chainStatus(): Promise<ChainStatus> {
    return this.call('GET', '/v1/audit/chain-status');
  }

  /** Events after a position, oldest first. */
  async eventsAfter(position: number): Promise<AuditEvent[]> {
    const found: AuditEvent[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { data: AuditEvent[]; pagination: { nextCursor: string | null } } = await this.call(
        'GET',
        `/v1/audit?limit=100${query}`,
      );
      const fresh = page.data.filter((event) => event.chainPosition > position);
      found.push(...fresh);
      cursor = fresh.length < page.data.length ? null : page.pagination.nextCursor;
    } while (cursor !== null);
    return found.reverse();
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.apiKey}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(10_000) };
    if (body !== undefined) init.body = JSON.stringify(body);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${path}`, init);
      text = await response.text();
    } catch (error) {
      throw new Unavailable('gateway', `${method} ${path} got no whole answer from ${this.url}.`, { cause: error });
    }
    if (response.ok) return (text === '' ? null : JSON.parse(text)) as T;
    throw new HttpError(response.status, `${method} ${path} answered ${response.status}: ${sentence(text)}`);
  }
}

export class HttpError extends Error {
  override readonly name = 'HttpError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether asking again may help: no answer, or one that says "later". */
export function isPassing(error: unknown): boolean {
  return error instanceof Unavailable || (error instanceof HttpError && (error.status >= 500 || error.status === 429));
}

function sentence(text: string): string {
  try {
    const problem = JSON.parse(text) as Problem;
    const fields = (problem.errors ?? []).map((one) => `${one.pointer}: ${one.message}`);
    return [problem.detail ?? problem.title, ...fields].join(' ');
  } catch {
    return text.slice(0, 200);
  }
}
