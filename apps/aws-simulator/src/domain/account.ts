import { Collection } from './collection';
import { type Faults, type Limits, NO_FAULTS, NO_LIMITS } from './faults';
import type { Policy } from './iam';
import { MetricStore } from './metrics';
import type { Endpoint, EndpointConfig } from './endpoints';
import type { InferenceComponent } from './inference-components';
import type { Model } from './models';
import type { JobDefinition, MonitoringExecution, MonitoringSchedule } from './monitoring';
import { ObjectStore } from './objects';
import type { ProcessingJob } from './processing-jobs';
import { AwsError } from './refused';
import type { TrainingJob } from './training-job';

/** What never changes after the account was opened. */
export interface AccountIdentity {
  accountId: string;
  homeRegion: string;
  /** Everything that looks random is derived from it: session tokens, page tokens, ids. */
  seed: string;
}

export interface Role {
  arn: string;
  trust: Policy;
  permissions: Policy;
  maxSessionSeconds: number;
}

/** SageMaker and CloudWatch are regional: each region has resources of its own. */
export class Region {
  readonly trainingJobs = new Collection<TrainingJob>('training job');
  readonly processingJobs = new Collection<ProcessingJob>('processing job');
  readonly models = new Collection<Model>('model');
  readonly endpointConfigs = new Collection<EndpointConfig>('endpoint configuration');
  readonly endpoints = new Collection<Endpoint>('endpoint');
  readonly inferenceComponents = new Collection<InferenceComponent>('inference component');
  readonly schedules = new Collection<MonitoringSchedule>('monitoring schedule');
  readonly executions = new Collection<MonitoringExecution>('monitoring execution');
  /** By `<monitoring type>/<name>`. */
  readonly jobDefinitions = new Map<string, JobDefinition>();
  readonly tags = new Map<string, Record<string, string>>();
  readonly metrics = new MetricStore();
  enabled = true;

  constructor(
    readonly name: string,
    private readonly account: AccountIdentity,
  ) {}

  arn(kind: string, name: string): string {
    return `arn:aws:sagemaker:${this.name}:${this.account.accountId}:${kind}/${name}`;
  }
}

/**
 * One AWS account, in memory: commands change it (commands.ts), operations read it. It has no clock, no randomness and no I/O, so the
 * same commands at the same times give the same account again: that is how the command log is replayed.
 */
export class Account {
  readonly regions = new Map<string, Region>();
  readonly roles = new Map<string, Role>();
  /** Access key id → ARN of the user or role that it belongs to. */
  readonly accessKeys = new Map<string, string>();
  readonly objects = new ObjectStore();
  faults: Faults = NO_FAULTS;
  limits: Limits = NO_LIMITS;
  sessionGeneration = 0;
  private lastOrdinal = 0;

  constructor(readonly identity: AccountIdentity) {}

  region(name: string): Region {
    let region = this.regions.get(name);
    if (!region) {
      region = new Region(name, this.identity);
      this.regions.set(name, region);
    }
    return region;
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.identity.accountId}:role/${name}`;
  }

  /** Makes the order of resources total; a history takes a whole range. Returns the first. */
  takeOrdinals(count = 1): number {
    const first = this.lastOrdinal + 1;
    this.lastOrdinal += count;
    return first;
  }

  /** A command that is refused leaves no trace in the ordinals either: it is not in the log, so a replay would not know it. */
  withoutTraceIfRefused(run: () => void): void {
    const before = this.lastOrdinal;
    try {
      run();
    } catch (error) {
      this.lastOrdinal = before;
      throw error;
    }
  }
}

/** AWS answers a disabled region as it answers an unknown key. */
export function assertEnabled(region: Region): void {
  if (region.enabled) return;
  throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', {
    queryCode: 'InvalidClientTokenId',
  });
}
