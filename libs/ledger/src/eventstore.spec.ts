import { Conflict, Rejected, Unavailable } from '@audital/contracts';
import { AccessDeniedError, StreamDeletedError, WrongExpectedVersionError } from '@eventstore/db-client';
import { AccessDenied, mapEventStoreError } from './eventstore-errors';
import { parsePosition, toEventData } from './eventstore-events';
import { parseEventStoreUrl } from './eventstore-url';
import { binaryEvent, NO_STREAM, StreamDeleted } from './index';
import { openLedger } from './open';

describe('an esdb:// URL', () => {
  it('names a server, a user, a deadline and this connection', () => {
    const settings = parseEventStoreUrl(
      'esdb://writer:p%40ss@db:2114?tls_ca_file=%2Fca.crt&defaultDeadline=2500',
      'gateway',
    );
    expect(settings).toMatchObject({
      credentials: { username: 'writer', password: 'p@ss' },
      tls: true,
      deadlineMs: 2500,
      shown: 'db:2114',
      tlsCaFile: '/ca.crt',
    });
    expect(settings.connectionString).toBe(
      'esdb://writer:p%40ss@db:2114?tlsCaFile=%2Fca.crt&defaultDeadline=2500&connectionName=gateway',
    );
  });

  it('reads from the leader of a cluster', () => {
    const { connectionString, shown } = parseEventStoreUrl('esdb://u:p@a,b:2114,c?tls=true');
    expect(connectionString).toContain('nodePreference=leader');
    expect(shown).toBe('a:2113, b:2114, c:2113');
    expect(parseEventStoreUrl('esdb+discover://u:p@cluster.example').connectionString).toMatch(
      /^esdb\+discover:.*=leader/,
    );
  });

  it.each([
    ['esdb://', /another form/],
    ['esdb://db:2113', /names a user/],
    ['esdb://db:2113?tls=perhaps', /true or false/],
    ['esdb://u:secret@db:x?tls=true', /HOST:PORT/],
    ['esdb://u:secret@db?tls=true&tlsVerifyCert=false', /not known \(tlsVerifyCert\)/],
    ['esdb://u:secret@db?throwOnAppendFailure=false', /not known/],
    ['esdb://u:secret@db?defaultDeadline=soon', /time in ms/],
    ['esdb://u:secret%@db', /hexadecimal/],
    ['esdb://u:secret@db?tlsCaFile=/not/there', /File was not found/],
  ])('%s is refused, without its password', async (url, why) => {
    const error = await openLedger(url, { writes: [] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Rejected);
    expect(error).toMatchObject({ code: 'LEDGER_URL', message: expect.stringMatching(why) });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause ?? null])).not.toContain('secret');
  });
});

describe('what the client throws', () => {
  const call = { stream: 'chain-a', expectedRevision: 4, server: 'db:2113' };
  const grpc = (code: number): Error => Object.assign(new Error(`${code} of gRPC`), { code });

  it.each([
    [
      new WrongExpectedVersionError(null as never, { streamName: 'chain-a', current: 7n, expected: 4n }),
      new Conflict('chain-a', 4, 7),
    ],
    [
      new WrongExpectedVersionError(null as never, { streamName: 'chain-a', current: 'no_stream', expected: 4n }),
      new Conflict('chain-a', 4, NO_STREAM),
    ],
    [StreamDeletedError.fromStreamName('chain-a'), new StreamDeleted('chain-a')],
  ])('%p is an answer', (error, meaning) => {
    expect(mapEventStoreError(error, call)).toEqual(meaning);
  });

  it.each([1, 4, 8, 10, 13, 14])('gRPC code %i is an absence: try again', (code) => {
    expect(mapEventStoreError(grpc(code), call)).toBeInstanceOf(Unavailable);
  });

  it('a refused user waits for a person, and loses nothing meanwhile', () => {
    const meaning = mapEventStoreError(new AccessDeniedError(undefined as never), call);
    expect(meaning).toBeInstanceOf(AccessDenied);
    expect(meaning).toBeInstanceOf(Unavailable);
  });

  it('anything else is a bug, and stays what it is', () => {
    for (const error of [grpc(3), new TypeError('x'), new Rejected('A', 'b')])
      expect(mapEventStoreError(error, call)).toBe(error);
  });
});

describe('an event on its way to the server', () => {
  it('is bytes that neither the client nor anybody else takes for JSON', () => {
    const data = toEventData(binaryEvent('A', Buffer.from('{}'), Buffer.from('{"a":1}')));
    expect(data.contentType).toBe('application/octet-stream');
    for (const bytes of [data.data, data.metadata]) expect((bytes as Uint8Array).constructor).toBe(Uint8Array);
    expect(() => JSON.parse(Buffer.from(data.metadata as Uint8Array).toString())).toThrow(SyntaxError);
  });

  it('has a position that is two numbers, as large as they come', () => {
    expect(parsePosition('18446744073709551615/7')).toEqual({ commit: 18446744073709551615n, prepare: 7n });
    expect(() => parsePosition('12')).toThrow('no position');
  });
});
