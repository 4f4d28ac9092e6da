import { type StreamName, STREAMS } from '@audital/contracts';
import { DiscardPolicy, type JetStreamManager, nanos, RetentionPolicy, StorageType, type StreamConfig } from 'nats';
import { isNotFound } from './broker-errors';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface StreamSettings {
  /** How long AUDIT keeps what subscribers may have missed. Default: 30 days. */
  auditMaxAgeMs?: number;
}

type Config = Partial<StreamConfig> & { name: string; subjects: string[] };

/**
 * All JetStream streams, in files. A work queue that is full refuses (discard new) and never drops; what leaves it leaves by an
 * acknowledgement. Of WORK_POLL each subject holds one message. AUDIT and DEAD allow the deletion of single messages, because a redacted
 * payload has to leave them.
 */
export function streamConfigs(settings: StreamSettings = {}): Record<StreamName, Config> {
  return {
    AUDIT: {
      ...log('AUDIT', 'audit.>', settings.auditMaxAgeMs ?? 30 * DAY_MS),
      deny_purge: true,
    },
    POLLS: {
      ...log('POLLS', 'notice.poll-ended.>', 3 * HOUR_MS),
      deny_delete: true,
    },
    WORK_POLL: {
      ...queue('WORK_POLL', 'work.poll.>'),
      discard_new_per_subject: true,
      max_msgs_per_subject: 1,
    },
    WORK_SEAL: {
      ...queue('WORK_SEAL', 'work.seal.>'),
      max_bytes: 256 * 1024 * 1024,
    },
    DEAD: {
      ...log('DEAD', 'dead.>', 30 * DAY_MS),
      deny_purge: true,
    },
  };
}

const log = (name: StreamName, subject: string, maxAgeMs: number): Config => ({
  ...base(name, subject),
  retention: RetentionPolicy.Limits,
  max_age: nanos(maxAgeMs),
});

const queue = (name: StreamName, subject: string): Config => ({
  ...base(name, subject),
  retention: RetentionPolicy.Workqueue,
  discard: DiscardPolicy.New,
  deny_delete: true,
  deny_purge: true,
});

const base = (name: StreamName, subject: string): Config => ({
  name,
  subjects: [subject],
  storage: StorageType.File,
  duplicate_window: nanos(2 * MINUTE_MS),
});

/** The stream that takes a subject, or null for one that is core NATS only. */
export function streamOf(subject: string): StreamName | null {
  const configs = streamConfigs();
  const takes = (pattern: string): boolean => subject.startsWith(pattern.slice(0, -1));
  return Object.values(STREAMS).find((name) => configs[name].subjects.some(takes)) ?? null;
}

/** Makes a stream, or brings it to what the table says; several services may do so at once. */
export async function ensureStream(manager: JetStreamManager, config: Config): Promise<void> {
  const { name } = config;
  try {
    const { config: standing } = await manager.streams.info(name);
    if (!isLike(standing, config)) await manager.streams.update(name, config);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await manager.streams.add(config).catch(async (late: unknown) => {
      // Somebody else made it in between; if not, this says why.
      await manager.streams.info(name).catch(() => Promise.reject(late as Error));
    });
  }
}

function isLike(standing: StreamConfig, wanted: Config): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => JSON.stringify(standing[key as keyof StreamConfig]) === JSON.stringify(value),
  );
}
