import {
  OPERATOR_CHAIN_VERBS,
  OPERATOR_REGISTRY_VERBS,
  type StreamName,
  STREAMS,
  subjects,
  USER_REGISTRY_VERBS,
} from '@audital/contracts';

interface Role {
  /** Plain subjects and subjects of streams. */
  publish?: string[];
  subscribe?: string[];
  /** Requests that it answers: it may reply once to each, to whatever inbox the request names. */
  answers?: string[];
  /** Streams that it publishes into or reads from: it makes them when they are missing. */
  streams?: StreamName[];
  /** Work queues that it takes messages from, and under which durable name. */
  takes?: { stream: StreamName; durable: string }[];
  /** Streams that it replays from the start. */
  replays?: StreamName[];
  /** Streams of which it reads single messages. */
  reads?: StreamName[];
  /** Streams that single messages are erased from: what was redacted has to leave them. */
  erases?: StreamName[];
}

/** One NATS user for each service, allowed only its own subjects (DESIGN §6). `viewer` may only listen to `audit.>`. */
const ROLES = {
  'chain-writer': {
    publish: ['audit.>', 'dead.>', 'notice.chain-stopped'],
    answers: ['ask.chain.>'],
    streams: ['AUDIT', 'WORK_SEAL', 'DEAD'],
    // One durable for each partition: chain-writer-0, chain-writer-1, …
    takes: [{ stream: 'WORK_SEAL', durable: '*' }],
    reads: ['AUDIT'],
    replays: ['AUDIT', 'DEAD'],
    erases: ['AUDIT', 'DEAD'],
  },
  'integration-registry': {
    publish: ['ask.collector.test', 'work.seal.*.*', 'notice.registry-changed'],
    answers: ['ask.registry.>'],
    streams: ['WORK_SEAL'],
  },
  'poller-scheduler': {
    publish: ['work.poll.>', 'work.seal.*.*'],
    subscribe: ['notice.registry-changed', 'notice.chain-stopped'],
    answers: ['ask.scheduler.poll'],
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS'],
    replays: ['POLLS'],
  },
  'sagemaker-collector': {
    publish: ['work.seal.*.*', 'notice.poll-ended.*', 'dead.>'],
    answers: ['ask.collector.test'],
    streams: ['WORK_POLL', 'WORK_SEAL', 'POLLS', 'DEAD'],
    takes: [{ stream: 'WORK_POLL', durable: 'sagemaker-collector' }],
  },
  gateway: {
    publish: [
      ...USER_REGISTRY_VERBS.map(subjects.askRegistry),
      'ask.scheduler.poll',
      'ask.chain.*.append',
      'ask.verifier.status',
    ],
    subscribe: ['audit.>', 'notice.chain-stopped'],
    streams: ['POLLS'],
    replays: ['POLLS'],
  },
  'chain-verifier': { answers: ['ask.verifier.>'] },
  launcher: { publish: ['ask.registry.create-organisation'] },
  // What is not for HTTP: `audital organisations`, `redact`, `retention`, `hold`, `chain`.
  operator: {
    publish: [
      ...OPERATOR_REGISTRY_VERBS.map(subjects.askRegistry),
      ...OPERATOR_CHAIN_VERBS.map((verb) => `ask.chain.*.${verb}`),
    ],
  },
  // The operator looks into dead letters with it.
  cli: { publish: ['ask.verifier.>'], streams: ['DEAD'], replays: ['DEAD'], reads: ['DEAD'] },
  viewer: { subscribe: ['audit.>'] },
} as const satisfies Record<string, Role>;

export type NatsUser = keyof typeof ROLES;
export const NATS_USERS = Object.keys(ROLES) as NatsUser[];

const roleOf = (user: string): Role => (ROLES as Record<string, Role>)[user] ?? {};

/** Answers come to inboxes of the user's own, so that nobody reads another's. */
export const inboxPrefix = (user: string): string => `_INBOX.${user}`;

/** The streams that a user makes when they are missing; all of them where the server has no users. */
export const streamsOf = (user: string): readonly StreamName[] =>
  user === '' ? Object.values(STREAMS) : (roleOf(user).streams ?? []);

export interface Permissions {
  publish: string[];
  subscribe: string[];
  /** Whether it may answer requests. Only who has to: an answer may go to any subject that the request names. */
  responds: boolean;
}

export function permissionsOf(user: string): Permissions {
  const {
    publish = [],
    subscribe = [],
    answers = [],
    streams = [],
    takes = [],
    replays = [],
    reads = [],
    erases = [],
  } = roleOf(user);
  const api = [
    ...streams.flatMap((name) => ['INFO', 'CREATE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${name}`)),
    ...takes.flatMap(({ stream, durable }) => [
      `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
      `$JS.API.CONSUMER.CREATE.${stream}.${durable}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
      `$JS.ACK.${stream}.${durable}.>`,
    ]),
    ...replays.flatMap((name) => [`$JS.API.CONSUMER.CREATE.${name}.*.>`, `$JS.API.CONSUMER.MSG.NEXT.${name}.*`]),
    ...reads.map((name) => `$JS.API.STREAM.MSG.GET.${name}`),
    ...erases.map((name) => `$JS.API.STREAM.MSG.DELETE.${name}`),
  ];
  const publishes = [...publish, ...api];
  // Who publishes nothing asks nothing, so nothing comes to an inbox.
  const inbox = publishes.length > 0 ? [`${inboxPrefix(user)}.>`] : [];
  return { publish: publishes, subscribe: [...subscribe, ...answers, ...inbox], responds: answers.length > 0 };
}
