export { Bus, connectBus } from './bus';
export type { BusOptions, LastMessage, PublishOutcome } from './bus';
export { JetStreamContext, JetStreamServer } from './jetstream-server';
export type { ConsumerExtras, TransportLog } from './jetstream-server';
export { findNatsServer, natsConfig, startNatsServer } from './nats-server';
export type { NatsServer } from './nats-server';
export { PassthroughFilter } from './passthrough.filter';
export { settlementOf } from './settle';
export { NATS_USERS, permissionsOf } from './users';
