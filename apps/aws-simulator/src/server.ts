import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Admin } from './admin';
import { AwsDoor } from './aws-door';
import { LogUnusable } from './command-log';
import type { Simulator } from './simulator';

const BODY_BYTES_MAX = 16 * 1024 * 1024;

export interface ServerOptions {
  simulator: Simulator;
  /** The account's memory can no longer be written: nothing may be answered from here on. */
  onFatal: (error: LogUnusable) => void;
}

/** One port for everything: `/_admin/…` is the side door, the rest is AWS. */
export function simulatorServer({ simulator, onFatal }: ServerOptions): Server {
  const door = new AwsDoor(simulator);
  const admin = new Admin(simulator, door);
  return createServer((request, response) => {
    readBody(request)
      .then((body) => {
        if (body === null) return send(response, { status: 413, headers: {}, body: '' });
        const url = new URL(request.url ?? '/', 'http://simulator');
        if (url.pathname.startsWith('/_admin/')) return answerAdmin(response, admin, { request, url, body });
        return answerAws(response, door, { request, url, body });
      })
      .catch((error: unknown) => failed(response, error, onFatal));
  });
}

interface Incoming {
  request: IncomingMessage;
  url: URL;
  body: Buffer;
}

function answerAdmin(response: ServerResponse, admin: Admin, { request, url, body }: Incoming): void {
  // A page in this machine's browser must not be able to play with the account.
  if (request.headers.origin !== undefined) return send(response, { status: 403, headers: {}, body: '' });
  const method = request.method ?? 'GET';
  const answer = admin.handle({ method, path: url.pathname, query: url.searchParams, body });
  send(response, {
    status: answer.status,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(answer.body)}\n`,
  });
}

async function answerAws(response: ServerResponse, door: AwsDoor, { request, url, body }: Incoming): Promise<void> {
  const requestId = randomUUID();
  const method = request.method ?? 'GET';
  const outcome = door.handle({ method, path: url.pathname, headers: request.headers, body, requestId });
  if (outcome.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, outcome.waitMs));
  const { answer } = outcome;
  if (answer === null) {
    response.destroy();
    return;
  }
  const identity = { 'x-amzn-requestid': requestId, 'x-amz-request-id': requestId };
  const date = new Date(outcome.date).toUTCString();
  const age: Record<string, string> = outcome.ageSeconds === null ? {} : { age: String(outcome.ageSeconds) };
  send(response, { ...answer, headers: { ...answer.headers, ...identity, date, ...age } });
}

function send(
  response: ServerResponse,
  o: { status: number; headers: Record<string, string>; body: string | Buffer },
): void {
  response.sendDate = false;
  response.writeHead(o.status, { 'content-length': Buffer.byteLength(o.body), ...o.headers });
  response.end(o.body);
}

/** Reads are answered with AWS's own word for a bug; an account that cannot be written ends the process. */
function failed(response: ServerResponse, error: unknown, onFatal: ServerOptions['onFatal']): void {
  if (error instanceof LogUnusable) {
    response.destroy();
    return onFatal(error);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ __type: 'InternalFailure', message: 'The simulator failed; its log says how.' });
  send(response, { status: 500, headers: { 'content-type': 'application/x-amz-json-1.1' }, body });
}

/** Null when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return size > BODY_BYTES_MAX ? null : Buffer.concat(chunks);
}
