import type { IntegrationSettings } from '@audital/contracts';

export const nameMatches = (settings: IntegrationSettings, name: string): boolean =>
  name.startsWith(settings.filters.namePrefix ?? '');

export const needsTags = (settings: IntegrationSettings): boolean =>
  Object.keys(settings.filters.tags).length > 0 || settings.modelIdentity.tag !== null || settings.environment === null;

export const tagsMatch = (settings: IntegrationSettings, tags: Record<string, string>): boolean =>
  Object.entries(settings.filters.tags).every(([key, value]) => tags[key] === value);

export const filtersByTag = (settings: IntegrationSettings): boolean => Object.keys(settings.filters.tags).length > 0;
