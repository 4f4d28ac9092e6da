import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unavailable } from '@audital/contracts';
import { eventually } from '@audital/testing';
import { type Ledger, LedgerWatch, openLedger } from './index';

const away = new Unavailable('ledger', 'The EventStoreDB at es:2113 is away.');
const open: LedgerWatch[] = [];
afterEach(() => open.splice(0).forEach((watch) => watch.stop()));

function watch(answer: () => Promise<number>, patienceMs: number): { check: () => string | null; asked: () => number } {
  let asked = 0;
  const lastRevision = (): Promise<number> => answer().finally(() => (asked += 1));
  const watching = new LedgerWatch({ lastRevision } as unknown as Ledger, 'esdb://es:2113', {
    everyMs: 5,
    patienceMs,
  });
  open.push(watching);
  return { check: watching.check, asked: () => asked };
}

describe('the watch over the ledger', () => {
  it('is not content before the first answer, and says what to do', async () => {
    const { check, asked } = watch(() => Promise.reject(away), 60_000);
    expect(check()).toBe('The ledger has not answered yet.');
    await eventually(() => asked() > 1, { what: 'Another question' });
    expect(check()).toBe(`${away.message} It is asked again until it answers: start it, or correct LEDGER_URL.`);
  });

  it('says nothing of an answer that was lost, and is patient for so long only', async () => {
    let isThere = true;
    const answer = (): Promise<number> => (isThere ? Promise.resolve(-1) : Promise.reject(away));
    const patient = watch(answer, 60_000);
    const impatient = watch(answer, 0);
    await eventually(() => patient.check() === null && impatient.check() === null, { what: 'The first answers' });
    isThere = false;
    await eventually(() => impatient.check() !== null, { what: 'An outage' });
    const before = patient.asked();
    await eventually(() => patient.asked() > before + 2, { what: 'Lost answers' });
    expect(patient.check()).toBeNull();
    isThere = true;
    await eventually(() => impatient.check() === null, { what: 'The end of the outage' });
  });

  it('sees at once that the file was deleted, or that another stands in its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audital-watch-'));
    const path = join(folder, 'ledger.sqlite');
    const ledger = await openLedger(`sqlite:${path}`, { writes: [] });
    const watching = new LedgerWatch(ledger, `sqlite:${path}`);
    open.push(watching);
    await eventually(() => watching.check() === null, { what: 'The first answer' });
    renameSync(path, `${path}.away`);
    expect(watching.check()).toContain(`${path} was deleted or replaced while it is open`);
    writeFileSync(path, '');
    expect(watching.check()).toContain('put the file back');
    renameSync(`${path}.away`, path);
    expect(watching.check()).toBeNull();
    await ledger.close();
    rmSync(folder, { recursive: true });
  });
});
