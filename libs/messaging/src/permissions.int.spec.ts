import { STREAMS } from '@audital/contracts';
import { eventually, startNats, type TestNats } from '@audital/testing';
import { type ConnectionOptions, connect, type NatsConnection } from 'nats';
import { inboxPrefix, NATS_USERS, type NatsUser } from './users';

let nats: TestNats;
const connections: NatsConnection[] = [];
beforeAll(async () => {
  nats = await startNats();
  // Streams to aim at.
  await (await nats.connect('chain-writer')).ensureStreams([STREAMS.AUDIT, STREAMS.WORK_SEAL, STREAMS.DEAD]);
  await (await nats.connect('sagemaker-collector')).ensureStreams([STREAMS.WORK_POLL, STREAMS.POLLS]);
});
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await nats.stop();
});

/** Past the library: what the server itself allows. */
async function raw(user: NatsUser, more: Partial<ConnectionOptions> = {}): Promise<NatsConnection> {
  const password = nats.passwords[user] as string;
  const options = { servers: nats.url, user, pass: password, inboxPrefix: inboxPrefix(user), ...more };
  const connection = await connect(options);
  connections.push(connection);
  return connection;
}

/** What the server said of it: an error comes before the answer to a ping. */
async function publishing(user: NatsUser, subject: string): Promise<'allowed' | 'refused'> {
  const connection = await raw(user);
  const refused = heardErrors(connection);
  connection.publish(subject, '{}');
  await answered(connection);
  return refused() ? 'refused' : 'allowed';
}

async function subscribing(user: NatsUser, subject: string): Promise<'allowed' | 'refused'> {
  const connection = await raw(user);
  let error: Error | null = null;
  connection.subscribe(subject, { callback: (failed) => (error = failed ?? error) });
  await connection.flush();
  return error ? 'refused' : 'allowed';
}

/** The server has answered everything so far, and the answers have reached whoever iterates over them. */
async function answered(connection: NatsConnection): Promise<void> {
  await connection.flush();
  await new Promise((resolve) => setImmediate(resolve));
}

function heardErrors(connection: NatsConnection): () => boolean {
  let heard = false;
  void (async () => {
    for await (const { type } of connection.status()) if (String(type) === 'error') heard = true;
  })();
  return () => heard;
}

const api = (path: string): string => `$JS.API.${path}`;
const SEAL = 'work.seal.0.org_1';
const POLL = 'work.poll.sagemaker.org_1.123456789012-eu-west-2';
const ENDED = 'notice.poll-ended.int_1';

/** Of each user: a sample of what it needs, and of what it must never reach. */
const TABLE: Record<NatsUser, { may: string[]; mayNot: string[]; hears: string[]; mayNotHear: string[] }> = {
  'chain-writer': {
    may: [
      'audit.org_1.AWS_SAGEMAKER.ALERT',
      'audit.org_1.checkpoint',
      `dead.${SEAL}`,
      api('STREAM.CREATE.AUDIT'),
      api('CONSUMER.INFO.WORK_SEAL.chain-writer-3'),
      api('CONSUMER.MSG.NEXT.WORK_SEAL.chain-writer-0'),
      api('STREAM.MSG.GET.AUDIT'),
      api('STREAM.MSG.DELETE.AUDIT'),
      api('STREAM.MSG.DELETE.DEAD'),
      '$JS.ACK.WORK_SEAL.chain-writer-0.1.1.1.1.0',
    ],
    mayNot: [
      SEAL,
      POLL,
      'ask.registry.register',
      api('STREAM.DELETE.AUDIT'),
      api('STREAM.PURGE.AUDIT'),
      api('STREAM.MSG.DELETE.WORK_SEAL'),
      api('CONSUMER.DELETE.WORK_SEAL.chain-writer-0'),
      '$JS.ACK.WORK_POLL.sagemaker-collector.1.1.1.1.0',
      api('CONSUMER.MSG.NEXT.WORK_POLL.sagemaker-collector'),
    ],
    hears: ['ask.chain.0.append', '_INBOX.chain-writer.x'],
    mayNotHear: ['ask.registry.register', 'audit.>', 'work.>', '_INBOX.gateway.x', '>'],
  },
  'integration-registry': {
    may: ['ask.collector.test', SEAL, 'notice.registry-changed', api('STREAM.INFO.WORK_SEAL')],
    mayNot: [
      POLL,
      ENDED,
      'audit.org_1.A.B',
      'dead.x',
      'ask.chain.0.append',
      api('CONSUMER.MSG.NEXT.WORK_SEAL.chain-writer-0'),
    ],
    hears: ['ask.registry.register', '_INBOX.integration-registry.x'],
    mayNotHear: ['ask.chain.0.append', 'audit.>', '_INBOX.>'],
  },
  'poller-scheduler': {
    may: [POLL, SEAL, api('STREAM.CREATE.WORK_POLL'), api('CONSUMER.CREATE.POLLS.any.notice.poll-ended.*')],
    mayNot: [
      ENDED,
      'audit.org_1.A.B',
      'notice.registry-changed',
      'notice.chain-stopped',
      'ask.registry.register',
      api('STREAM.MSG.GET.AUDIT'),
    ],
    hears: ['ask.scheduler.poll', 'notice.registry-changed', 'notice.chain-stopped'],
    mayNotHear: ['ask.registry.register', 'audit.>', 'notice.>'],
  },
  'sagemaker-collector': {
    may: [
      SEAL,
      ENDED,
      `dead.${POLL}`,
      api('CONSUMER.MSG.NEXT.WORK_POLL.sagemaker-collector'),
      '$JS.ACK.WORK_POLL.sagemaker-collector.1.1.1.1.0',
    ],
    mayNot: [
      POLL,
      'audit.org_1.A.B',
      'ask.registry.register',
      'notice.registry-changed',
      api('CONSUMER.INFO.WORK_SEAL.chain-writer-0'),
    ],
    hears: ['ask.collector.test'],
    mayNotHear: ['work.poll.>', 'ask.chain.0.append', 'audit.>'],
  },
  gateway: {
    may: [
      'ask.registry.register',
      'ask.scheduler.poll',
      'ask.chain.0.append',
      'ask.verifier.status',
      api('CONSUMER.MSG.NEXT.POLLS.any'),
    ],
    mayNot: [
      SEAL,
      POLL,
      ENDED,
      'audit.org_1.A.B',
      'ask.collector.test',
      'dead.x',
      api('STREAM.CREATE.AUDIT'),
      'ask.registry.create-organisation',
      'ask.registry.lift-hold',
      'ask.chain.0.redact',
      'ask.chain.0.rotate-key',
    ],
    hears: ['audit.>', 'notice.chain-stopped', '_INBOX.gateway.x'],
    mayNotHear: ['ask.registry.register', 'work.>', 'dead.>'],
  },
  'chain-verifier': {
    may: [],
    mayNot: ['audit.org_1.A.B', 'ask.registry.register', SEAL],
    hears: ['ask.verifier.status'],
    mayNotHear: ['audit.>', 'ask.chain.0.append'],
  },
  launcher: {
    may: ['ask.registry.create-organisation'],
    mayNot: ['ask.registry.remove', SEAL, 'audit.org_1.A.B'],
    hears: ['_INBOX.launcher.x'],
    mayNotHear: ['audit.>', 'ask.registry.register'],
  },
  operator: {
    may: [
      'ask.registry.create-organisation',
      'ask.registry.set-retention',
      'ask.chain.0.redact',
      'ask.chain.0.rotate-key',
    ],
    mayNot: [
      'ask.registry.register',
      'ask.chain.0.append',
      SEAL,
      'audit.org_1.A.B',
      'dead.x',
      api('STREAM.MSG.DELETE.AUDIT'),
    ],
    hears: ['_INBOX.operator.x'],
    mayNotHear: ['audit.>', 'dead.>', 'ask.>', '_INBOX.gateway.x'],
  },
  cli: {
    may: ['ask.verifier.status', api('STREAM.MSG.GET.DEAD')],
    mayNot: [
      'ask.registry.remove',
      SEAL,
      POLL,
      'audit.org_1.A.B',
      'dead.x',
      api('STREAM.PURGE.DEAD'),
      api('STREAM.MSG.GET.WORK_SEAL'),
    ],
    hears: ['_INBOX.cli.x'],
    mayNotHear: ['audit.>', 'dead.>'],
  },
  viewer: {
    may: [],
    mayNot: ['audit.org_1.A.B', 'ask.registry.register', api('STREAM.INFO.AUDIT'), '_INBOX.chain-writer.x', 'anything'],
    hears: ['audit.>', 'audit.org_1.AWS_SAGEMAKER.*'],
    mayNotHear: ['>', 'work.>', 'dead.>', 'ask.>', '_INBOX.>'],
  },
};

describe.each(NATS_USERS)('the NATS user %s', (user) => {
  const { may, mayNot, hears, mayNotHear } = TABLE[user];

  it('publishes what is its own, and nothing else', async () => {
    for (const subject of may) expect([subject, await publishing(user, subject)]).toEqual([subject, 'allowed']);
    for (const subject of mayNot) expect([subject, await publishing(user, subject)]).toEqual([subject, 'refused']);
  });

  it('hears what is its own, and nothing else', async () => {
    for (const subject of hears) expect([subject, await subscribing(user, subject)]).toEqual([subject, 'allowed']);
    for (const subject of mayNotHear) expect([subject, await subscribing(user, subject)]).toEqual([subject, 'refused']);
  });
});

describe('the viewer', () => {
  it('sees what the relay publishes to AUDIT on a plain subscription, and cannot answer in the broker’s place', async () => {
    const writer = await nats.connect('chain-writer');
    const viewer = await raw('viewer');
    const refused = heardErrors(viewer);
    const seen: string[] = [];
    viewer.subscribe('audit.>', {
      callback: (_, message) => {
        seen.push(message.subject);
        // The inbox where the relay waits for its PubAck: a forged one would end the relay's retries.
        if (message.reply) message.respond(JSON.stringify({ stream: 'AUDIT', seq: 1 }));
      },
    });
    await viewer.flush();
    const subject = 'audit.org_1.AWS_SAGEMAKER.ALERT';
    await expect(writer.publish(subject, { chainPosition: 1 }, { messageId: 'evt_1' })).resolves.toBe('stored');
    await eventually(() => seen.length === 1, { what: 'the event' });
    await answered(viewer);
    expect(seen).toEqual([subject]);
    expect(refused()).toBe(true);
  });
});

describe('a stranger', () => {
  it.each([{ user: 'nobody', pass: 'x' }, {}])('does not get in with %p', async (credentials) => {
    await expect(connect({ servers: nats.url, ...credentials })).rejects.toThrow('Authorization Violation');
  });
});
