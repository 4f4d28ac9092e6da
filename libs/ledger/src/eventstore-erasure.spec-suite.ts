import { eventStoreProgram, filesHolding, type OwnEventStore, startEventStore } from '@audital/testing';
import { binaryEvent, jsonEvent, type Ledger, NO_STREAM, openLedger, scavengeEventStore } from './index';

const PLANTED = 'Grace-Hopper-of-Arlington';

/** Where a tombstone is only the first half: docs/redaction.md says what this shows. Needs a server whose files can be read. */
export function eventStoreErasure(): void {
  if (eventStoreProgram() === null)
    process.stderr.write(
      '\n  NOT RUN: scavenges of an EventStoreDB. Set EVENTSTORE_BIN to the command that runs one.\n\n',
    );
  else
    describe('bytes that must go from an EventStoreDB', () => {
      let server: OwnEventStore;
      let ledger: Ledger;
      beforeEach(async () => {
        server = await startEventStore();
        ledger = await openLedger(server.url, { writes: ['chain-', 'payload-', 'cursor-'] });
        await ledger.append('payload-a-0', NO_STREAM, [payload(`first ${PLANTED}`), payload('first neighbour')]);
        await ledger.append('payload-b-0', NO_STREAM, [payload('another organisation')]);
        await ledger.append('payload-a-0.2', NO_STREAM, [payload('gone'), payload('first neighbour')]);
      }, 90_000);
      afterEach(async () => {
        await ledger.close();
        await server.remove();
      });
      const holding = (): string[] => filesHolding(server.data, PLANTED);

      it('lie in a chunk after the tombstone, for as long as nobody scavenges, and nowhere after it', async () => {
        expect(holding()).toEqual(['chunk-000000.000000']);
        await ledger.tombstone('payload-a-0');
        await ledger.append('chain-a', NO_STREAM, [jsonEvent('Record', 1)]);
        await server.kill();
        await server.start();
        expect(holding()).toEqual(['chunk-000000.000000']);
        // The chunk is the active one: a scavenge closes it first.
        const done = await scavengeEventStore(server.url);
        expect(done.map(({ node }) => node)).toEqual([0, 1].map(() => new URL(server.url).host));
        expect(holding()).toEqual([]);
        const texts = async (stream: string): Promise<string[]> =>
          (await ledger.read(stream)).map(({ data }) => Buffer.from(data).toString());
        expect(await texts('payload-a-0.2')).toEqual(['gone', 'first neighbour']);
        expect(await texts('payload-b-0')).toEqual(['another organisation']);
        expect(await ledger.lastRevision('chain-a')).toBe(0);
      }, 90_000);

      it('of a trimmed cursor go too, its last event never', async () => {
        const events = [payload(`cursor at ${PLANTED}`), payload('cursor that stays')];
        await ledger.append('cursor-a', NO_STREAM, events);
        await ledger.tombstone('payload-a-0');
        await ledger.trim('cursor-a', 2);
        await scavengeEventStore(server.url);
        expect(holding()).toEqual([]);
        expect((await ledger.read('cursor-a')).map(({ revision }) => revision)).toEqual([1]);
      }, 90_000);

      it('is Unavailable when the server is away: nothing is said to be gone', async () => {
        await server.kill();
        await expect(scavengeEventStore(server.url)).rejects.toMatchObject({ name: 'Unavailable' });
      }, 90_000);

      it('refuses a server with chunks of another size, which would say Success and leave the bytes', async () => {
        const other = await startEventStore({ chunkSize: 16_777_216 });
        await expect(scavengeEventStore(other.url)).rejects.toMatchObject({ code: 'LEDGER_CHUNK_SIZE' });
        await other.remove();
      }, 60_000);
    });
}

const payload = (text: string) => binaryEvent('Payload', Buffer.from(text));
