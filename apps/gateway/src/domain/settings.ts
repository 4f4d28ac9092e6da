import type { IntegrationSettings } from '@audital/contracts';

/** What a request says of an integration's settings; what it leaves out is undefined. */
export interface SettingsPatch {
  name?: string | null;
  environment?: string | null;
  syncInterval?: number;
  filters?: { namePrefix?: string | null; tags?: Record<string, string> };
  captureMetrics?: boolean;
  captureHyperparameters?: boolean;
  captureTrainingStarted?: boolean;
  backfillDays?: number;
  modelIdentity?: { tag?: string | null };
}

export const SYNC_INTERVAL_SECONDS = { min: 30, max: 3600, default: 60 } as const;

export const DEFAULT_SETTINGS: IntegrationSettings = {
  name: null,
  environment: null,
  syncInterval: SYNC_INTERVAL_SECONDS.default,
  filters: { namePrefix: null, tags: {} },
  captureMetrics: true,
  captureHyperparameters: true,
  captureTrainingStarted: false,
  backfillDays: 0,
  modelIdentity: { tag: null },
};

/** `filters` and `modelIdentity` are merged member by member; a member that is given replaces the old one whole. */
export function withSettings(before: IntegrationSettings, patch: SettingsPatch): IntegrationSettings {
  return {
    name: patch.name === undefined ? before.name : patch.name,
    environment: patch.environment === undefined ? before.environment : patch.environment,
    syncInterval: patch.syncInterval ?? before.syncInterval,
    filters: {
      namePrefix: patch.filters?.namePrefix === undefined ? before.filters.namePrefix : patch.filters.namePrefix,
      tags: patch.filters?.tags ?? before.filters.tags,
    },
    captureMetrics: patch.captureMetrics ?? before.captureMetrics,
    captureHyperparameters: patch.captureHyperparameters ?? before.captureHyperparameters,
    captureTrainingStarted: patch.captureTrainingStarted ?? before.captureTrainingStarted,
    backfillDays: patch.backfillDays ?? before.backfillDays,
    modelIdentity: { tag: patch.modelIdentity?.tag === undefined ? before.modelIdentity.tag : patch.modelIdentity.tag },
  };
}
