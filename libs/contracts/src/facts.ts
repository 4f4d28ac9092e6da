/**
 * The facts behind event ids, in words (DESIGN §2): a closed table. The chain-writer makes 80 bits of HMAC from the words, so two
 * observations of one fact have one identity, whoever made them and whenever. A change of the words would let every fact in again.
 */
export const facts = {
  logCreated: (): string => 'log',
  training: (jobArn: string, createdAt: string, terminalStatus: string): string =>
    `training | ${jobArn} | ${createdAt} | ${terminalStatus}`,
  trainingStarted: (jobArn: string, createdAt: string): string => `training | ${jobArn} | ${createdAt} | STARTED`,
  trainingMetrics: (jobArn: string, createdAt: string): string => `training | ${jobArn} | ${createdAt} | METRICS`,
  /** A to B and back to A are three: `ordinal` counts the transitions of this endpoint in our cursor. */
  deployment: (endpoint: {
    arn: string;
    createdAt: string;
    integrationId: string;
    ordinal: number;
    configurationName: string;
    weights: string;
  }): string =>
    `deployment | ${endpoint.arn} | ${endpoint.createdAt} | ${endpoint.integrationId} | ${endpoint.ordinal} | ${endpoint.configurationName} | ${endpoint.weights}`,
  alert: (processingJobArn: string, createdAt: string): string => `alert | ${processingJobArn} | ${createdAt}`,
  vanished: (arn: string, createdAt: string): string => `vanished | ${arn} | ${createdAt}`,
  refused: (originalFact: string): string => `refused | ${originalFact}`,
  modelRegistered: (modelId: string): string => `model | ${modelId}`,
  coverage: (integrationId: string, hour: string): string => `coverage | ${integrationId} | ${hour}`,
  coverageGap: (integrationId: string, lastGoodPollAt: string, state: 'OPEN' | 'CLOSED'): string =>
    `gap | ${integrationId} | ${lastGoodPollAt} | ${state}`,
  registryEvent: (stream: string, revision: number): string => `registry | ${stream}@${revision}`,
  payloadRedacted: (requestId: string): string => `redacted | ${requestId}`,
  /** Signing keys count by epochs from 1; the first is named in LOG_CREATED. */
  keyAdded: (epoch: number): string => `key | ${epoch} | ADDED`,
  keyRetired: (epoch: number): string => `key | ${epoch} | RETIRED`,
  readopted: (requestId: string): string => `readopted | ${requestId}`,
  api: (idempotencyKey: string): string => `api | ${idempotencyKey}`,
  /** Not an event's fact: what a modelId is the HMAC of. */
  model: (rule: string, value: string): string => `model | ${rule} | ${value}`,
} as const;
