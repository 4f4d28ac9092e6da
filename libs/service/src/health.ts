import { createServer, type Server, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** Null when all is well, else a sentence. */
export type Check = () => string | null;

/** What a service says of itself: it lives while its event loop turns, and is ready when every check is. */
export class Health {
  readonly metrics = new Registry();
  private readonly checks = new Map<string, Check>();

  constructor() {
    collectDefaultMetrics({ register: this.metrics });
  }

  check(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  report(): { ready: boolean; checks: Record<string, string> } {
    const results = [...this.checks].map(([name, check]) => [name, check() ?? 'ok'] as const);
    return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
  }

  /** Port 0: nothing is served. */
  serve(port: number, host: string): Promise<Server | null> {
    if (port === 0) return Promise.resolve(null);
    const server = createServer((request, response) => void this.answer(request.url ?? '', response));
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why = `HEALTH_PORT ${port} on ${host} cannot be listened on (${error.code}): name another, or stop what listens there.`;
        reject(new Error(why, { cause: error }));
      });
      server.listen(port, host, () => resolve(server));
    });
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/health/live') send(response, 200, { live: true });
    else if (path === '/health/ready') {
      const report = this.report();
      send(response, report.ready ? 200 : 503, report);
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': this.metrics.contentType }).end(await this.metrics.metrics());
    } else send(response, 404, { error: 'There are /health/live, /health/ready and /metrics.' });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
