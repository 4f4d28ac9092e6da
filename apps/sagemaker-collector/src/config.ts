import { ServiceConfig } from '@audital/service';

/** AWS itself is configured by the SDK's own variables: credentials, AWS_REGION, and AWS_ENDPOINT_URL for the simulator. */
export class CollectorConfig extends ServiceConfig {}
