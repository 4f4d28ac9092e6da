import { Account } from './account';
import { applyCommand } from './commands';
import { Refused } from './refused';

const NOW = Date.parse('2026-03-02T11:00:00.000Z');
const MINUTE = 60_000;
const newAccount = () => new Account({ accountId: '123456789012', homeRegion: 'eu-west-2', seed: 'seed' });

/** Given an account after these commands, a minute apart. */
function given(...commands: Record<string, unknown>[]): Account {
  const account = newAccount();
  commands.forEach((command, index) => applyCommand(account, command, NOW + index * MINUTE));
  return account;
}

const home = (account: Account) => account.region('eu-west-2');

describe('a training job', () => {
  it('that completes has passed through every phase, without a gap between them', () => {
    const account = given(
      { type: 'createTrainingJob', name: 'job-1', tags: { Team: 'lending' } },
      { type: 'completeTrainingJob', name: 'job-1', metrics: [{ name: 'auc', value: 'NaN' }] },
    );
    const job = home(account).trainingJobs.require('job-1');
    expect(job).toMatchObject({ status: 'Completed', secondaryStatus: 'Completed', endedAt: NOW + MINUTE });
    expect(job.transitions.map(({ status }) => status)).toEqual([
      'Starting',
      'Downloading',
      'Training',
      'Uploading',
      'Completed',
    ]);
    job.transitions.slice(1).forEach((one, index) => expect(job.transitions[index]?.endedAt).toBe(one.startedAt));
    expect(job.metrics).toEqual([{ name: 'auc', value: 'NaN', at: NOW + MINUTE }]);
  });

  it('ends once; its modification time may still move; its name is free again after deletion', () => {
    const account = given(
      { type: 'createTrainingJob', name: 'job-1' },
      { type: 'stopTrainingJob', name: 'job-1', secondaryStatus: 'MaxRuntimeExceeded' },
      { type: 'touchTrainingJob', name: 'job-1', warmPool: { Status: 'Available' } },
    );
    const job = home(account).trainingJobs.require('job-1');
    expect(job).toMatchObject({
      status: 'Stopped',
      secondaryStatus: 'MaxRuntimeExceeded',
      endedAt: NOW + MINUTE,
      modifiedAt: NOW + 2 * MINUTE,
    });
    expect(() => applyCommand(account, { type: 'failTrainingJob', name: 'job-1', reason: 'x' }, NOW)).toThrow(
      'has ended already: Stopped',
    );
    applyCommand(account, { type: 'deleteTrainingJob', name: 'job-1' }, NOW + 3 * MINUTE);
    applyCommand(account, { type: 'createTrainingJob', name: 'job-1' }, NOW + 4 * MINUTE);
    expect(home(account).trainingJobs.require('job-1')).toMatchObject({
      status: 'InProgress',
      createdAt: NOW + 4 * MINUTE,
      arn: job.arn,
    });
  });
});

describe('an endpoint', () => {
  const created = [
    { type: 'createEndpointConfig', name: 'v1', variants: [{ modelName: 'm1', instanceCount: 2 }] },
    { type: 'createEndpointConfig', name: 'v2', variants: [{ modelName: 'm2' }] },
    { type: 'createEndpoint', name: 'prod', configName: 'v1' },
    { type: 'settleEndpoint', name: 'prod' },
  ];
  const endpointAfter = (...commands: Record<string, unknown>[]) =>
    home(given(...created, ...commands)).endpoints.require('prod');
  const update = { type: 'updateEndpoint', name: 'prod', configName: 'v2' };
  const settle = { type: 'settleEndpoint', name: 'prod' };

  it('shows the old configuration during an update, and the new one pending', () => {
    expect(endpointAfter(update)).toMatchObject({
      status: 'Updating',
      configName: 'v1',
      pending: { configName: 'v2' },
    });
    expect(endpointAfter(update, settle)).toMatchObject({ status: 'InService', configName: 'v2', pending: null });
  });

  it('keeps the old configuration after a roll-back', () => {
    const rollBack = { type: 'rollBackEndpoint', name: 'prod', reason: 'an alarm went off' };
    expect(endpointAfter(update, rollBack)).toMatchObject({
      status: 'RollingBack',
      configName: 'v1',
      pending: { configName: 'v2' },
    });
    expect(endpointAfter(update, rollBack, settle)).toMatchObject({
      status: 'InService',
      configName: 'v1',
      pending: null,
    });
  });

  it('shifts weights and counts when the change settles, and undoes them in a roll-back', () => {
    const scale = { type: 'scaleEndpoint', name: 'prod', weights: { AllTraffic: 3 }, counts: { AllTraffic: 5 } };
    expect(endpointAfter(scale).variants[0]).toMatchObject({ weight: 1, desiredWeight: 3, count: 2, desiredCount: 5 });
    expect(endpointAfter(scale, settle).variants[0]).toMatchObject({ weight: 3, count: 5 });
    expect(endpointAfter(scale, { type: 'rollBackEndpoint', name: 'prod' }, settle).variants[0]).toMatchObject({
      weight: 1,
      count: 2,
    });
  });

  it('survives maintenance and the deletion of its configuration; is gone when its deletion settles', () => {
    expect(endpointAfter({ type: 'systemUpdateEndpoint', name: 'prod' }, settle)).toMatchObject({
      status: 'InService',
      configName: 'v1',
    });
    expect(endpointAfter({ type: 'deleteEndpointConfig', name: 'v1' })).toMatchObject({
      status: 'InService',
      configName: 'v1',
    });
    const account = given(...created, { type: 'deleteEndpoint', name: 'prod' });
    expect(home(account).endpoints.require('prod').status).toBe('Deleting');
    applyCommand(account, settle, NOW + 10 * MINUTE);
    expect(home(account).endpoints.get('prod')).toBeUndefined();
  });

  it('refuses what AWS would refuse', () => {
    expect(() => endpointAfter(update, update)).toThrow('endpoint prod is Updating; settle it first.');
    expect(() => endpointAfter(settle)).toThrow('nothing to settle');
    expect(() => endpointAfter({ ...update, configName: 'v9' })).toThrow('endpoint configuration v9 does not exist');
  });
});

describe('a monitoring execution', () => {
  const schedule = {
    type: 'createMonitoringSchedule',
    name: 'watch',
    endpointName: 'prod',
    monitoringType: 'DataQuality',
    outputUri: 's3://reports/base/',
    tags: { Environment: 'production' },
  };
  const start = { type: 'startMonitoringExecution', schedule: 'watch', processingJobName: 'run-1' };
  const violations = [{ feature_name: 'age', constraint_check_type: 'baseline_drift_check', description: '…' }];
  const finish = {
    type: 'finishMonitoringExecution',
    processingJobName: 'run-1',
    outcome: 'violations',
    violations,
    metrics: [{ name: 'drift', value: 0.4 }],
  };

  it('with violations is a completed processing job with an exit message, a report and metrics', () => {
    const account = given(schedule, start, finish);
    const job = home(account).processingJobs.require('run-1');
    expect(job).toMatchObject({
      status: 'Completed',
      exitMessage: 'CompletedWithViolations: Job completed successfully with 1 violations.',
      scheduleArn: 'arn:aws:sagemaker:eu-west-2:123456789012:monitoring-schedule/watch',
    });
    expect(home(account).tags.get(job.arn)).toEqual({ Environment: 'production' });
    expect(home(account).executions.require('run-1').status).toBe('CompletedWithViolations');
    const report = account.objects.get('reports', 'base/prod/watch/2026/03/02/11/constraint_violations.json');
    expect(JSON.parse(report?.body.toString() ?? '')).toEqual({ violations });
    expect(home(account).metrics.all()).toMatchObject([
      { namespace: 'aws/sagemaker/Endpoints/data-metrics', name: 'drift', points: [{ value: 0.4 }] },
    ]);
  });

  it('that fails leaves no report', () => {
    const account = given(schedule, start, { ...finish, outcome: 'failed', failureReason: 'no data' });
    expect(home(account).processingJobs.require('run-1')).toMatchObject({
      status: 'Failed',
      exitMessage: null,
      failureReason: 'no data',
    });
    expect(account.objects.regionOf('reports')).toBeNull();
  });
});

describe('a command', () => {
  it.each([
    ['unknown', { type: 'launchMissiles' }, 'command.type is unknown'],
    ['misspelt in a member', { type: 'createTrainingJob', nmae: 'x' }, 'command.nmae is unknown'],
    ['of the wrong type', { type: 'createTrainingJob', name: 5 }, 'command.name must be a resource name'],
    [
      'in the future',
      { type: 'createTrainingJob', name: 'x', at: '2026-03-02T11:00:00.001Z' },
      'later than the account',
    ],
    ['on what does not exist', { type: 'completeTrainingJob', name: 'x' }, 'training job x does not exist'],
    ['without an object', 'createTrainingJob', 'must be an object'],
  ])('that is %s is refused', (_, command, message) => {
    expect(() => applyCommand(newAccount(), command, NOW)).toThrow(message);
  });

  it('that is refused leaves no trace, so that a replay of the accepted ones gives the same account', () => {
    const commands = [
      {
        type: 'createMonitoringSchedule',
        name: 'w',
        endpointName: 'e',
        monitoringType: 'DataQuality',
        outputUri: 's3://bucket',
      },
      { type: 'createTrainingJob', name: 'job-1' },
      { type: 'createTrainingJob', name: 'job-1' },
      { type: 'startMonitoringExecution', schedule: 'w' },
    ];
    const [lived, replayed] = [newAccount(), newAccount()];
    const accepted = commands.filter((command) => {
      try {
        applyCommand(lived, command, NOW);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
        return false;
      }
    });
    accepted.forEach((command) => applyCommand(replayed, command, NOW));
    expect(accepted).toHaveLength(3);
    expect(home(replayed).processingJobs.values()).toEqual(home(lived).processingJobs.values());
  });
});

describe('a generated history', () => {
  it('costs nothing until it is read, and reads the same every time', () => {
    const count = 500_000;
    const account = given({
      type: 'addTrainingJobHistory',
      prefix: 'old',
      count,
      from: '2025-01-01T00:00:00Z',
      to: '2026-01-01T00:00:00Z',
      sharedMillisecond: 500,
      tags: { Environment: 'production' },
    });
    const { trainingJobs } = home(account);
    expect(trainingJobs.size).toBe(count);
    const newest = trainingJobs.page({ sortKey: null, descending: true, after: null, limit: 600 }).items;
    expect(newest[0]?.name).toBe('old-499999');
    expect(new Set(newest.slice(0, 501).map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(new Set(newest.map(({ createdAt }) => createdAt)).size).toBeGreaterThan(90);
    expect(trainingJobs.get('old-250000')).toEqual(trainingJobs.get('old-250000'));
    expect(trainingJobs.get('old-500000')).toBeUndefined();
    expect(() => applyCommand(account, { type: 'createTrainingJob', name: 'old-000001' }, NOW)).toThrow(
      'exists already',
    );
  });
});
