import { LEDGER_WRITERS } from '@audital/contracts';
import { eventStoreProgram, type OwnEventStore, startEventStore } from '@audital/testing';
import { EventStoreDBClient } from '@eventstore/db-client';
import { AccessDenied } from './eventstore-errors';
import { jsonEvent, type Ledger, NO_STREAM, openLedger, setUpEventStore, StreamDeleted, userOf } from './index';

const EVERYTHING = ['chain-', 'payload-', 'cursor-', 'checkpoint-', 'integration-', 'organisation-'];
type Service = keyof typeof LEDGER_WRITERS;

/** What a stolen password of a service is good for: the port is opened for everything, so that the server alone decides. */
export function eventStoreRights(): void {
  if (eventStoreProgram() === null)
    process.stderr.write(
      '\n  NOT RUN: rights on an EventStoreDB. Set EVENTSTORE_BIN to the command that runs one.\n\n',
    );
  else
    describe('the rights that ledger-admin setup gives', () => {
      let server: OwnEventStore;
      const opened: Ledger[] = [];
      const passwordOf = (service: string): string => `password-of-${service}`;
      const urlOf = (service: string, password = passwordOf(service)): string =>
        server.url.replace('admin:changeit', `audital-${service}:${password}`);
      const as = async (service: Service, password?: string, writes = EVERYTHING): Promise<Ledger> => {
        opened.push(await openLedger(urlOf(service, password), { writes }));
        return opened.at(-1) as Ledger;
      };
      /** Without the port's own step before a keeper's first event. */
      const registryWithoutPort = (): Promise<Ledger> =>
        as('integration-registry', undefined, ['organisation-', 'integration-', 'chain-']);
      const setUp = (url = server.url): Promise<void> =>
        setUpEventStore(
          url,
          (Object.keys(LEDGER_WRITERS) as Service[]).map((service) => ({
            ...userOf(service, LEDGER_WRITERS[service]),
            password: passwordOf(service),
          })),
        );
      const event = jsonEvent('A', 1);
      const denied = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toBeInstanceOf(AccessDenied);

      beforeAll(async () => {
        server = await startEventStore({ secured: true });
        await setUp();
        await setUp();
        const writer = await as('chain-writer');
        for (const stream of ['chain-a', 'payload-a-0', 'payload-b-0', 'cursor-a'])
          await writer.append(stream, NO_STREAM, [event, jsonEvent('A', 2)]);
      }, 120_000);
      afterEach(async () => void (await Promise.all(opened.splice(0).map((ledger) => ledger.close()))));
      afterAll(() => server?.remove());

      it.each(['gateway', 'poller-scheduler', 'sagemaker-collector', 'chain-verifier'] as const)(
        '%s reads and follows everything, and changes nothing',
        async (service) => {
          const ledger = await as(service);
          expect(await ledger.lastRevision('chain-a')).toBeGreaterThanOrEqual(1);
          const [ended, seen]: [AbortController, string[]] = [new AbortController(), []];
          await ledger.follow({ category: 'chain-', afterPosition: null }, ({ stream }) => void seen.push(stream), {
            signal: ended.signal,
            onCaughtUp: () => ended.abort(),
          });
          expect(seen).toContain('chain-a');
          await denied(ledger.append('chain-a', 1, [event]));
          await denied(ledger.append('organisation-new', NO_STREAM, [event]));
          await denied(ledger.trim('cursor-a', 1));
          await denied(ledger.tombstone('payload-a-0'));
        },
        30_000,
      );

      it('integration-registry appends, though to no stream that the chain-writer began, and neither trims nor deletes', async () => {
        await (await registryWithoutPort()).append('integration-a', NO_STREAM, [event, event, event]);
        const ledger = await as('integration-registry');
        for (const stream of ['chain-a', 'payload-b-0', 'cursor-a']) await denied(ledger.append(stream, 1, [event]));
        await denied(ledger.trim('cursor-a', 1));
        await denied(ledger.tombstone('payload-a-0'));
      }, 30_000);

      it('chain-writer trims and deletes', async () => {
        const ledger = await as('chain-writer');
        await ledger.trim('cursor-a', 1);
        await ledger.tombstone('payload-a-0');
        expect((await ledger.read('cursor-a')).map(({ revision }) => revision)).toEqual([1]);
        // Its metadata hold both, the mark and whose it is.
        await denied((await as('integration-registry')).append('cursor-a', 1, [event]));
        await ledger.append('cursor-a', 1, [event]);
      }, 30_000);

      it('nobody gets in without a password, and no service makes users', async () => {
        const [stranger, wrong] = [
          await openLedger(urlOf('mallory'), { writes: EVERYTHING }),
          await as('gateway', 'wrong'),
        ];
        opened.push(stranger);
        for (const ledger of [stranger, wrong]) {
          await denied(ledger.read('chain-a'));
          await denied(ledger.append('chain-a', 1, [event]));
        }
        await expect(setUp(urlOf('chain-writer'))).rejects.toMatchObject({ code: 'LEDGER_ADMIN' });
      }, 30_000);

      /** If one of these fails one day, a limit is gone: then libs/ledger/README.md has to say so. */
      it('does not keep the services apart by prefix, before the chain-writer has begun a stream: only the port does', async () => {
        const registry = await registryWithoutPort();
        expect(await registry.append('chain-forged', NO_STREAM, [event])).toEqual({ lastRevision: 0 });
        const writer = await as('chain-writer');
        expect(await writer.append('organisation-forged', NO_STREAM, [event])).toEqual({ lastRevision: 0 });
        await expect(writer.tombstone('chain-forged')).rejects.toMatchObject({ code: 'LEDGER_TOMBSTONE_REFUSED' });
        const client = EventStoreDBClient.connectionString(urlOf('chain-writer'));
        const { username, password } = { username: 'audital-chain-writer', password: passwordOf('chain-writer') };
        await client.tombstoneStream('chain-forged', { credentials: { username, password } });
        await client.dispose();
        await expect(registry.read('chain-forged')).rejects.toBeInstanceOf(StreamDeleted);
      }, 30_000);
    });
}
