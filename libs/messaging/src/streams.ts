import { type StreamName } from '@audital/contracts';
import { DiscardPolicy, type JetStreamManager, nanos, RetentionPolicy, StorageType, type StreamConfig } from 'nats';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * All JetStream streams. A work queue that is full refuses (DiscardPolicy.New) and never drops; WORK_POLL holds one message for each
 * account and region. AUDIT allows deletes, because a redacted payload has to leave it.
 */
export const STREAM_CONFIGS: Record<StreamName, Partial<StreamConfig> & { name: string; subjects: string[] }> = {
  AUDIT: { name: 'AUDIT', subjects: ['audit.>'], retention: RetentionPolicy.Limits, max_age: nanos(30 * DAY_MS) },
  POLLS: {
    name: 'POLLS',
    subjects: ['notice.poll-ended.>'],
    retention: RetentionPolicy.Limits,
    max_age: nanos(3 * HOUR_MS),
  },
  WORK_POLL: {
    name: 'WORK_POLL',
    subjects: ['work.poll.>'],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
  },
  WORK_SEAL: {
    name: 'WORK_SEAL',
    subjects: ['work.seal.>'],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_bytes: 1024 * 1024 * 1024,
  },
  DEAD: { name: 'DEAD', subjects: ['dead.>'], retention: RetentionPolicy.Limits, max_age: nanos(30 * DAY_MS) },
};

/** Makes a stream, or leaves it as it stands; several services may try at once. */
export async function ensureStream(manager: JetStreamManager, name: StreamName): Promise<void> {
  try {
    await manager.streams.info(name);
  } catch (error) {
    if ((error as { code?: string }).code !== '404') throw error;
    const config = { storage: StorageType.File, duplicate_window: nanos(2 * MINUTE_MS), ...STREAM_CONFIGS[name] };
    await manager.streams.add(config).catch(async (late: unknown) => {
      // Somebody else made it in between; if not, this says why.
      await manager.streams.info(name).catch(() => Promise.reject(late as Error));
    });
  }
}
