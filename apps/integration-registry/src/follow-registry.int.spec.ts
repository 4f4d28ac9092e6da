import { type IntegrationId, ledgerStreams } from '@audital/contracts';
import { jsonEvent, NO_STREAM } from '@audital/ledger';
import { createLogger } from '@audital/service';
import {
  eventually,
  integrationId,
  organisationId,
  startNats,
  tempLedger,
  type TestLedger,
  type TestNats,
} from '@audital/testing';
import { RegistryFollower } from './follow-registry';
import type { Registry } from './registry';
import { RegistryView } from './registry-view';

const ended = new AbortController();
let nats: TestNats;
let stored: TestLedger;
beforeEach(async () => {
  [nats, stored] = [await startNats(), await tempLedger()];
});
afterEach(async () => {
  ended.abort();
  await nats.stop();
  await stored.remove();
});

describe('an integration whose test cannot be carried out', () => {
  it('stays PENDING, is told in the log, and keeps nobody else from being tested', async () => {
    const { ledger } = stored;
    const bus = await nats.connect('integration-registry');
    await bus.ensureStreams(['WORK_SEAL']);
    const [broken, sound] = [integrationId(1), integrationId(2)];
    for (const id of [broken, sound]) {
      const data = {
        ...{ at: '2026-03-02T11:00:00.000Z', by: { type: 'API_KEY', id: 'key_1' }, integrationId: id },
        ...{ organisationId: organisationId(), target: {}, settings: { filters: { namePrefix: null } } },
      };
      await ledger.append(ledgerStreams.integration(id), NO_STREAM, [jsonEvent('IntegrationRegistered', data)]);
    }
    const tested: IntegrationId[] = [];
    const settleTest = async ({ integrationId: id }: { integrationId: IntegrationId }): Promise<void> => {
      if (id === broken) throw new TypeError('an answer that nobody expected');
      tested.push(id);
    };
    const lines: string[] = [];
    const log = createLogger('integration-registry', 'error', { write: (line) => void lines.push(line) });
    const view = new RegistryView();
    const registry = { settleTest } as unknown as Registry;
    const follower = new RegistryFollower({ ledger, bus, log, registry, view, partitions: 1, signal: ended.signal });
    const running = follower.run();
    await eventually(() => tested.includes(sound) && lines.length > 0, { what: 'The other test, and the line' });
    expect(lines[0]).toContain(broken);
    expect(lines[0]).toContain('an answer that nobody expected');
    expect(view.integrations.get(broken)?.status).toBe('PENDING');
    ended.abort();
    await running;
  });
});
