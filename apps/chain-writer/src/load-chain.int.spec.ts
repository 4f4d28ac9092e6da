import type { IntegrationId } from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import {
  checkLedger,
  integrationId,
  observation,
  organisationId,
  sealRequest,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { organisationKeys } from './adapters/keys';
import { loadChain } from './load-chain';
import { WriterProcess } from './testing/writer-process';

const ORGANISATION = organisationId();
const KEYS = organisationKeys(Buffer.alloc(32, 3), ORGANISATION, 'audital.example');
/** A batch takes so many requests at most; each has a cursor of its own. */
const PARTS = 256;

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const part = (id: IntegrationId, number: number) =>
  sealRequest([observation(number)], {
    integrationId: id,
    cursor: { stream: `cursor-${id}`, expectedRevision: -1, integrationRevision: -1, changes: [{ kind: 'mark' }] },
  });

describe('loading a chain', () => {
  it('gives the event loop back while it completes the cursors of a full batch', async () => {
    const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION });
    const { writer, ledger, checkpoints, index } = process;
    const parts = Array.from({ length: PARTS }, (_, number) => part(integrationId(number), number));
    await Promise.all(parts.map((one) => writer.seal(one)));
    // A store that takes 3 ms for each append, and holds the event loop meanwhile, as SQLite does.
    const slow = (work: () => unknown): unknown => {
      for (const end = performance.now() + 3; performance.now() < end;);
      return work();
    };
    let turns = 0;
    let isLoading = true;
    const turn = (): void => {
      turns += 1;
      if (isLoading) setImmediate(turn);
    };
    const turnsAtAppend: number[] = [];
    const watched = new Proxy(ledger, {
      get: (target, name) => {
        const value = target[name as keyof Ledger] as (...args: unknown[]) => unknown;
        if (name !== 'append') return value.bind(target);
        turnsAtAppend.push(turns);
        return (...args: unknown[]) => slow(() => value.apply(target, args));
      },
    });
    turn();
    await loadChain({ ledger: watched, checkpoints, index, rollbackPatienceMs: 0 }, ORGANISATION, KEYS);
    isLoading = false;
    expect(turnsAtAppend).toHaveLength(PARTS);
    expect((turnsAtAppend.at(-1) as number) - (turnsAtAppend[0] as number)).toBeGreaterThan(PARTS / 2);
    await checkLedger(ledger);
    await process.stop();
  });
});
