import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunInfo } from '@audital/contracts';
import { type OptionValues, textOf, UsageError } from './command';

export const GATEWAY_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  data: { type: 'string' },
} as const;

export const GATEWAY_HELP = `  --url URL, --key KEY   The gateway and an API key (or AUDITAL_URL, AUDITAL_KEY). Without them: the Audital that npm start runs
                         here, found by run.json in the data folder.
  --data DIR             That data folder (default .audital).`;

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
}

/** The gateway answered, and said no. */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const ANSWER_LIMIT_MS = 30_000;

/** The public HTTP API of one gateway. */
export class GatewayClient {
  constructor(
    readonly url: string,
    private readonly key: string,
  ) {}

  async json<T>(path: string): Promise<T> {
    return (await (await this.get(path)).json()) as T;
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text();
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.get(path)).arrayBuffer());
  }

  /** An answer that may take as long as it takes. */
  async stream(path: string, headers: Record<string, string> = {}): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.get(path, { headers, isLong: true });
    if (body === null) throw new Error(`${path} answered without a body.`);
    return body;
  }

  private async get(path: string, o: { headers?: Record<string, string>; isLong?: boolean } = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        headers: { authorization: `Bearer ${this.key}`, ...o.headers },
        ...(o.isLong === true ? {} : { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }),
      });
    } catch (error) {
      throw new Error(`No answer from ${this.url}: is Audital running there?`, { cause: error });
    }
    if (response.ok) return response;
    const problem = await response.json().then(
      (body) => body as Problem,
      () => ({}) as Problem,
    );
    const said = problem.detail ?? problem.title ?? 'it does not say why';
    throw new GatewayRefusal(
      response.status,
      problem.code ?? '',
      `GET ${path} was refused (${response.status}): ${said}`,
    );
  }
}

/** From the command line, else the environment, else the run.json of the data folder. */
export function findGateway(values: OptionValues, url = textOf(values['url'])): GatewayClient {
  const run = runInfo(textOf(values['data']) ?? '.audital');
  const where = url ?? process.env['AUDITAL_URL'] ?? run?.gateway;
  if (where === undefined) {
    throw new UsageError('No running Audital was found: start it with npm start, or give --url and --key.');
  }
  const isOwn = run !== null && doorOf(where) === doorOf(run.gateway);
  const key = textOf(values['key']) ?? process.env['AUDITAL_KEY'] ?? (isOwn ? run.apiKey : undefined);
  if (key === undefined) throw new UsageError(`Which API key for ${where}? Give --key, or set AUDITAL_KEY.`);
  // Whoever copies the API's address brings its /v1 along.
  return new GatewayClient(where.replace(/(\/v1)?\/*$/, ''), key);
}

/** localhost and 127.0.0.1 are the same door. */
function doorOf(url: string): string {
  if (!URL.canParse(url)) throw new UsageError(`${JSON.stringify(url)} is no URL: write http://host:port.`);
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'localhost' : hostname}:${port}`;
}

function runInfo(folder: string): RunInfo | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunInfo;
  } catch {
    return null;
  }
}
