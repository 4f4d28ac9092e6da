import type { StreamName } from '@audital/contracts';

interface Role {
  /** Plain subjects it may publish to; answers to requests are allowed everywhere. */
  publish: string[];
  subscribe: string[];
  /** Streams that it makes when they are missing, because it publishes into them. */
  streams: StreamName[];
  /** Streams that it has consumers on. */
  consumes: StreamName[];
  /** Streams of which it reads single messages. */
  reads: StreamName[];
}

const nothing = { publish: [], subscribe: [], streams: [], consumes: [], reads: [] };

/** One NATS user for each service, allowed only its own subjects (DESIGN §6). `viewer` may only listen to `audit.>`. */
const ROLES: Record<string, Role> = {
  'chain-writer': {
    publish: ['audit.>', 'dead.>'],
    subscribe: ['ask.chain.>'],
    streams: ['AUDIT', 'WORK_SEAL', 'DEAD'],
    consumes: ['WORK_SEAL'],
    reads: ['AUDIT'],
  },
  'integration-registry': {
    ...nothing,
    publish: ['ask.collector.test', 'work.seal.>', 'notice.registry-changed', 'dead.>'],
    subscribe: ['ask.registry.>'],
    streams: ['WORK_SEAL', 'DEAD'],
  },
  'poller-scheduler': {
    ...nothing,
    publish: ['work.poll.>', 'work.seal.>', 'dead.>'],
    subscribe: ['ask.scheduler.>', 'notice.registry-changed'],
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS', 'DEAD'],
    consumes: ['POLLS'],
  },
  'sagemaker-collector': {
    ...nothing,
    publish: ['work.seal.>', 'notice.poll-ended.>', 'dead.>'],
    subscribe: ['ask.collector.>'],
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS', 'DEAD'],
    consumes: ['WORK_POLL'],
  },
  gateway: {
    ...nothing,
    publish: ['ask.registry.>', 'ask.scheduler.>', 'ask.chain.>', 'ask.verifier.>'],
    subscribe: ['audit.>'],
    streams: ['POLLS'],
    consumes: ['POLLS'],
  },
  'chain-verifier': { ...nothing, subscribe: ['ask.verifier.>'] },
  launcher: { ...nothing, publish: ['ask.registry.create-organisation'] },
  cli: { ...nothing, publish: ['ask.registry.>', 'ask.verifier.>'] },
  viewer: { ...nothing, subscribe: ['audit.>'] },
};

export const NATS_USERS: readonly string[] = Object.keys(ROLES);

/** Answers come to inboxes of the user's own, so that nobody reads another's. */
export const inboxPrefix = (user: string): string => `_INBOX_${user}`;

export interface Permissions {
  publish: string[];
  subscribe: string[];
}

export function permissionsOf(user: string): Permissions {
  const role = ROLES[user] ?? nothing;
  const api = [
    ...role.streams.flatMap((name) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`]),
    ...role.consumes.flatMap((name) => [
      `$JS.API.STREAM.INFO.${name}`,
      `$JS.API.CONSUMER.*.${name}`,
      `$JS.API.CONSUMER.*.${name}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${name}.*`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${name}.*`,
      `$JS.ACK.${name}.>`,
    ]),
    ...role.reads.map((name) => `$JS.API.STREAM.MSG.GET.${name}`),
  ];
  return { publish: [...new Set([...role.publish, ...api])], subscribe: [...role.subscribe, `${inboxPrefix(user)}.>`] };
}
