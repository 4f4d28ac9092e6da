import type { OrganisationId } from '@audital/contracts';

/** The origin of an organisation's log, and the name of its signing key (DESIGN §3). */
export const originOf = (logOrigin: string, organisationId: OrganisationId): string =>
  `${logOrigin}/log/${organisationId}`;
