import { Buckets, concerns, fateOf, rateOf, THROTTLE_NAMES, type ThrottleName } from './domain/faults';
import { AwsError } from './domain/refused';
import type { Simulator } from './simulator';
import { Calls } from './wire/calls';
import type { Answer } from './wire/protocols';
import { callerOf, route, type Routed, type WireRequest } from './wire/router';

/** What happens to the connection: an answer, after a wait, or none at all. */
export interface Outcome {
  answer: Answer | null;
  waitMs: number;
  /** The `Date` header: the account's clock, and how wrong it is on purpose. */
  date: number;
  /**
   * The `Age` header: by how many seconds the account lags behind the present; null: none. The SDK takes an answer without it for one
   * of this very moment, corrects its clock by `Date`, and then tries every refusal again, as if its own clock had been the reason.
   */
  ageSeconds: number | null;
}

const throttled = (name: ThrottleName | null): AwsError =>
  name === null
    ? new AwsError('ThrottlingException', 'Rate exceeded', { queryCode: 'Throttling' })
    : new AwsError(name, 'Rate exceeded', { status: THROTTLE_NAMES[name] });

const brokenDown = (status: number): Answer => ({
  status,
  headers: {},
  body: '',
  error: status === 503 ? 'ServiceUnavailable' : `HTTP ${status}`,
});

/** The door that the AWS SDK comes through: what is broken on purpose is broken here, and every call is counted. */
export class AwsDoor {
  readonly calls: Calls;
  private readonly buckets = new Buckets();
  /** Calls since the faults were last set: the n-th call meets the same fate in every run. */
  private ordinal = 0;
  private faultsSeen: unknown = null;

  constructor(private readonly simulator: Simulator) {
    this.calls = new Calls(simulator.clock.realNow());
  }

  handle(request: WireRequest): Outcome {
    const now = this.simulator.now();
    const { faults } = this.simulator.account;
    const routed = route(request);
    const caller = { arn: 'unknown' };
    const answer = this.answer(request, { routed, now, caller });
    this.calls.add({
      at: this.simulator.clock.realNow(),
      operation: routed.operation,
      caller: caller.arn,
      status: answer?.status ?? 0,
      error: answer === null ? 'Unreachable' : answer.error,
      attempt: Number(/attempt=(\d+)/.exec(String(request.headers['amz-sdk-request'] ?? ''))?.[1] ?? 1),
      requestId: request.requestId,
    });
    const lagSeconds = Math.floor((this.simulator.clock.realNow() - now) / 1000);
    return {
      answer,
      ageSeconds: lagSeconds > 0 && faults.clockSkewMs === 0 ? lagSeconds : null,
      waitMs: concerns(faults, routed.operation) ? faults.latencyMs : 0,
      date: now + faults.clockSkewMs,
    };
  }

  private answer(request: WireRequest, o: { routed: Routed; now: number; caller: { arn: string } }): Answer | null {
    const { routed, now } = o;
    const { account, clock, speed } = this.simulator;
    const fate = this.fate(routed.operation);
    if (fate === 'unreachable') return null;
    if (fate === 'error') return brokenDown(account.faults.errorStatus);
    try {
      if (routed.refusal !== null) throw routed.refusal;
      const caller = callerOf(account, routed, now);
      o.caller.arn = caller.arn;
      if (fate === 'throttle' || !this.withinRate(routed)) throw throttled(account.faults.throttleAs);
      const answer = routed.answer(account, caller, { now, realNow: clock.realNow(), speed });
      // A page of one is how a permission is probed; whoever asks for more has begun to watch.
      if (routed.operation === 'ListTrainingJobs' && caller.roleArn !== null && routed.input['MaxResults'] !== 1) {
        this.simulator.watched();
      }
      return answer;
    } catch (error) {
      if (error instanceof AwsError) return routed.protocol.refuse(error, request.requestId);
      throw error;
    }
  }

  private fate(operation: string) {
    const { faults } = this.simulator.account;
    if (this.faultsSeen !== faults) this.ordinal = 0;
    this.faultsSeen = faults;
    if (!concerns(faults, operation)) return null;
    this.ordinal += 1;
    return fateOf(faults, operation, this.ordinal);
  }

  /** SageMaker's and CloudWatch's quotas are per operation and region; STS and S3 have none here. */
  private withinRate({ operation, signed }: Routed): boolean {
    const { limits } = this.simulator.account;
    const limited = signed !== null && (signed.service === 'sagemaker' || signed.service === 'monitoring');
    const perSecond = limited ? rateOf(limits, operation) : null;
    if (perSecond === null) return true;
    const nowMs = this.simulator.clock.realNow();
    return this.buckets.take(`${operation} ${signed?.region}`, perSecond, { burst: limits.burst, nowMs });
  }
}
