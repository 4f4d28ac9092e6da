export { ConfigError, EXIT_CONFIG, loadConfig, readSecretFile, ServiceConfig, toNumber, variablesOf } from './config';
export { Health } from './health';
export type { Check } from './health';
export { createLogger, NestLogger } from './logger';
export type { Logger } from './logger';
export { runService } from './run-service';
export type { RunningService, ServiceParts } from './run-service';
