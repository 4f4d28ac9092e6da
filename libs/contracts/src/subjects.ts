import type { IntegrationId, OrganisationId } from './ids';

/** Every NATS subject (DESIGN §6). Ids last; no versions, these are in the bodies. */
export const subjects = {
  audit: (organisationId: OrganisationId, source: string, eventType: string): string =>
    `audit.${organisationId}.${source}.${eventType}`,
  auditOf: (organisationId: OrganisationId): string => `audit.${organisationId}.*.*`,
  checkpoint: (organisationId: OrganisationId): string => `audit.${organisationId}.checkpoint`,
  pollWork: (organisationId: OrganisationId, awsAccountId: string, region: string): string =>
    `work.poll.sagemaker.${organisationId}.${awsAccountId}-${region}`,
  sealWork: (partition: number, organisationId: OrganisationId): string => `work.seal.${partition}.${organisationId}`,
  pollEnded: (integrationId: IntegrationId): string => `notice.poll-ended.${integrationId}`,
  /** A hint that the registry wrote something; losing one is harmless. */
  registryChanged: (): string => 'notice.registry-changed',
  /** While an organisation's chain is stopped, told again every ten seconds (DESIGN §8.8); silence means that it is not. */
  chainStopped: (): string => 'notice.chain-stopped',
  dead: (subject: string): string => `dead.${subject}`,
  askRegistry: (verb: RegistryVerb): string => `ask.registry.${verb}`,
  askChain: (partition: number, verb: ChainVerb): string => `ask.chain.${partition}.${verb}`,
  askCollectorTest: (): string => 'ask.collector.test',
  askSchedulerPoll: (): string => 'ask.scheduler.poll',
  askVerifierStatus: (): string => 'ask.verifier.status',
} as const;

/** What the registry is asked on behalf of users, by the gateway. */
export const USER_REGISTRY_VERBS = [
  'register',
  'dry-run',
  'update',
  'remove',
  'pause',
  'resume',
  'test',
  'create-key',
  'revoke-key',
  'rotate-external-id',
] as const;

/** What the registry and a chain's writer are asked by the operator alone, from the CLI: never over HTTP. */
export const OPERATOR_REGISTRY_VERBS = [
  'create-organisation',
  'set-retention',
  'place-hold',
  'lift-hold',
  'show-policy',
] as const;
export const OPERATOR_CHAIN_VERBS = ['redact', 'readopt', 'rotate-key'] as const;

export type RegistryVerb = (typeof USER_REGISTRY_VERBS)[number] | (typeof OPERATOR_REGISTRY_VERBS)[number];
export type OperatorChainVerb = (typeof OPERATOR_CHAIN_VERBS)[number];
export type ChainVerb = 'append' | OperatorChainVerb;

/** The body of `notice.chain-stopped`. `reason` is ROLLBACK, FORK, LOST_MEMORY, ORIGIN_CHANGED or CORRUPT. */
export interface ChainStoppedNotice {
  v: 1;
  organisationId: OrganisationId;
  reason: string;
}

/** The answer to every `ask.*`. */
export type Reply<T> =
  | { ok: T }
  | { rejected: { code: string; message: string; problems: { pointer: string; code: string; message: string }[] } }
  | { unavailable: { dependency: string; message: string } };

/** The partition of an organisation: the first byte of SHA-256(orgId) mod `partitions`, which is fixed at the first start. */
export function partitionOf(sha256OfId: Uint8Array, partitions: number): number {
  return (sha256OfId[0] ?? 0) % partitions;
}

/** JetStream streams. Retention and limits are set in libs/messaging. */
export const STREAMS = {
  AUDIT: 'AUDIT',
  POLLS: 'POLLS',
  WORK_POLL: 'WORK_POLL',
  WORK_SEAL: 'WORK_SEAL',
  DEAD: 'DEAD',
} as const;
export type StreamName = keyof typeof STREAMS;
