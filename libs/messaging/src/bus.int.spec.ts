import { type OrganisationId, STREAMS, Unavailable } from '@audital/contracts';
import { eventually, startNats, type TestNats } from '@audital/testing';
import type { Bus } from './bus';

let nats: TestNats;
let collector: Bus;
let scheduler: Bus;
let writer: Bus;

beforeAll(async () => {
  nats = await startNats();
  [collector, scheduler, writer] = await Promise.all([
    nats.connect('sagemaker-collector'),
    nats.connect('poller-scheduler'),
    nats.connect('chain-writer'),
  ]);
});
afterAll(() => nats.stop());

/** Whoever is told of the restart has noticed it. */
async function restartEmpty(): Promise<void> {
  await nats.restart({ wipe: true });
  for (const bus of [collector, scheduler, writer])
    await eventually(() => bus.connected(), { what: 'the reconnection' });
}

let number = 0;
const unique = (): string => `org_${(number += 1)}`;

describe('publish', () => {
  it('stores a message once, whatever happens to its answer', async () => {
    const subject = `work.seal.9.${unique()}`;
    await expect(collector.publish(subject, { a: 1 }, { messageId: subject })).resolves.toBe('stored');
    await expect(collector.publish(subject, { a: 1 }, { messageId: subject })).resolves.toBe('duplicate');
  });

  it('finds a subject occupied until its one message is done', async () => {
    const subject = `work.poll.sagemaker.${unique()}.123456789012-eu-west-2`;
    await expect(scheduler.publish(subject, {}, { messageId: `${subject} 1` })).resolves.toBe('stored');
    await expect(scheduler.publish(subject, {}, { messageId: `${subject} 2` })).resolves.toBe('occupied');
  });

  it('never takes a full stream for an occupied subject', async () => {
    // What a queue without room answers has the same number.
    await scheduler.ensureStreams([STREAMS.WORK_SEAL]);
    const { config } = await scheduler.manager.streams.info(STREAMS.WORK_SEAL);
    await scheduler.manager.streams.update(STREAMS.WORK_SEAL, { ...config, max_bytes: 100_000 });
    const subject = `work.seal.8.${unique()}`;
    const big = { text: 'x'.repeat(60_000) };
    await expect(collector.publish(subject, big, { messageId: `${subject} 1` })).resolves.toBe('stored');
    const refused = collector.publish(subject, big, { messageId: `${subject} 2` });
    await expect(refused).rejects.toBeInstanceOf(Unavailable);
    await expect(refused).rejects.toThrow('maximum bytes exceeded');
    await scheduler.ensureStreams([STREAMS.WORK_SEAL]);
    // Refused is not remembered as a duplicate: the same message is taken when there is room.
    await expect(collector.publish(subject, big, { messageId: `${subject} 2` })).resolves.toBe('stored');
  });

  it('says that a message is too large rather than that the broker is away', async () => {
    const body = { text: 'x'.repeat(3_000_000) };
    const publishing = collector.publish(`work.seal.9.${unique()}`, body, { messageId: unique() });
    await expect(publishing).rejects.toMatchObject({ name: 'Rejected', code: 'MESSAGE_TOO_LARGE' });
  });

  it('makes the streams again when the broker comes back empty', async () => {
    const subject = `work.seal.9.${unique()}`;
    await collector.publish(subject, 1, { messageId: subject });
    await restartEmpty();
    await expect(collector.publish(subject, 1, { messageId: subject })).resolves.toBe('stored');
  });

  it('is Unavailable while the broker is away, and the same message id is harmless afterwards', async () => {
    const subject = `work.seal.9.${unique()}`;
    await nats.kill();
    const publishing = collector.publish(subject, 1, { messageId: subject });
    await expect(publishing).rejects.toBeInstanceOf(Unavailable);
    expect(collector.connected()).toBe(false);
    await nats.start();
    // Waits for the connection that is on its way back. The first attempt may have arrived after all.
    const again = await collector.publish(subject, 1, { messageId: subject });
    expect(['stored', 'duplicate']).toContain(again);
  }, 20_000);
});

describe('ensureStreams', () => {
  it('lets several services make the same streams at once', async () => {
    await restartEmpty();
    const registry = await nats.connect('integration-registry');
    const all = [collector, scheduler, writer, registry];
    await Promise.all(all.flatMap((bus) => Array.from({ length: 3 }, () => bus.ensureStreams([STREAMS.WORK_SEAL]))));
    const { config } = await writer.manager.streams.info(STREAMS.WORK_SEAL);
    expect(config).toMatchObject({ retention: 'workqueue', discard: 'new', storage: 'file', deny_delete: true });
  });

  it('gives WORK_POLL one message for each subject', async () => {
    await scheduler.ensureStreams([STREAMS.WORK_POLL]);
    const { config } = await scheduler.manager.streams.info(STREAMS.WORK_POLL);
    expect(config).toMatchObject({ discard_new_per_subject: true, max_msgs_per_subject: 1, retention: 'workqueue' });
  });

  it('keeps AUDIT as long as it is told, and lets a redacted message leave it', async () => {
    await writer.ensureStreams([STREAMS.AUDIT]);
    const days = 24 * 60 * 60 * 1e9;
    const before = await writer.manager.streams.info(STREAMS.AUDIT);
    expect(before.config).toMatchObject({ max_age: 30 * days, deny_delete: false, deny_purge: true });
    const other = await nats.connect('chain-writer', { streams: { auditMaxAgeMs: 24 * 60 * 60_000 } });
    await other.ensureStreams([STREAMS.AUDIT]);
    const after = await writer.manager.streams.info(STREAMS.AUDIT);
    expect(after.config.max_age).toBe(days);
  });
});

describe('lastMessage', () => {
  it('is the newest on the subjects, or null', async () => {
    const organisation = unique() as OrganisationId;
    await expect(writer.lastMessage('AUDIT', `audit.${organisation}.*.*`)).resolves.toBeNull();
    for (const chainPosition of [1, 2])
      await writer.publish(
        `audit.${organisation}.AUDITAL.T${chainPosition}`,
        { chainPosition },
        {
          messageId: `${organisation} ${chainPosition}`,
          headers: { 'ce-id': `evt_${chainPosition}` },
        },
      );
    await writer.publish(`audit.${organisation}.checkpoint`, { size: 3 }, { messageId: `${organisation} c` });
    const last = await writer.lastMessage('AUDIT', `audit.${organisation}.*.*`);
    expect(last).toMatchObject({ body: { chainPosition: 2 }, headers: { 'ce-id': 'evt_2' } });
  });

  it('is null for a stream that is not there', async () => {
    await restartEmpty();
    await expect(writer.lastMessage('AUDIT', 'audit.>')).resolves.toBeNull();
  });
});

describe('hints', () => {
  it('reach whoever listens, and nobody else', async () => {
    const registry = await nats.connect('integration-registry');
    const heard: unknown[] = [];
    const stop = scheduler.listen('notice.registry-changed', (body, subject) => heard.push([body, subject]));
    await scheduler.connection.flush();
    registry.hint('notice.registry-changed', { stream: 'integration-1' });
    await eventually(() => heard.length === 1, { what: 'the hint' });
    expect(heard).toEqual([[{ stream: 'integration-1' }, 'notice.registry-changed']]);
    stop();
    await scheduler.connection.flush();
    registry.hint('notice.registry-changed', {});
    await registry.connection.flush();
    await scheduler.connection.flush();
    expect(heard).toHaveLength(1);
  });

  it('are forgotten when the connection is closed', async () => {
    const registry = await nats.connect('integration-registry');
    await registry.close();
    expect(() => registry.hint('notice.registry-changed', {})).not.toThrow();
  });
});

describe('ask', () => {
  it('is Unavailable at once when nobody answers there, and says which dependency', async () => {
    const registry = await nats.connect('integration-registry');
    const asking = registry.ask('ask.collector.test', {}, { timeoutMs: 60_000 });
    await expect(asking).rejects.toMatchObject({ name: 'Unavailable', dependency: 'nats' });
    await expect(asking).rejects.toThrow('ask.collector.test: nobody answers there.');
  });

  it('is Unavailable when the answer does not come in time', async () => {
    const registry = await nats.connect('integration-registry');
    const deaf = collector.listen('ask.collector.test', () => undefined);
    await collector.connection.flush();
    const asking = registry.ask('ask.collector.test', {}, { timeoutMs: 100 });
    await expect(asking).rejects.toMatchObject({ name: 'Unavailable', dependency: 'nats' });
    await expect(asking).rejects.toThrow('ask.collector.test: no answer in time.');
    deaf();
  });

  it('does not believe an answer that is no reply', async () => {
    const registry = await nats.connect('integration-registry');
    const subscription = collector.connection.subscribe('ask.collector.test', {
      callback: (_, message) => message.respond('"hello"'),
    });
    await collector.connection.flush();
    await expect(registry.ask('ask.collector.test', {})).rejects.toBeInstanceOf(Unavailable);
    subscription.unsubscribe();
  });
});
