import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { ListModelsCommand, ListTrainingJobsCommand } from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import {
  admin,
  assume,
  clientsOf,
  operatorKeys,
  refusalOf,
  removeFolder,
  ROLE_ARN,
  run,
  type Running,
  startHere,
  tempFolder,
} from './testing/harness';

const ROLE = 'AuditalSageMakerRole';
const trustPolicy = (principal: string, externalId?: string | string[]) => ({
  type: 'setTrustPolicy',
  role: ROLE,
  policy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: 'sts:AssumeRole',
        ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    ],
  },
});

describe('identity', () => {
  let folder: string;
  let simulator: Running;
  beforeEach(async () => {
    folder = tempFolder();
    simulator = await startHere(folder);
  });
  afterEach(async () => {
    await simulator.stop();
    removeFolder(folder);
  });

  it('lets the operator in with the right external id only, and says no more than AccessDenied', async () => {
    await expect(assume(simulator)).resolves.toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) as string });
    const denied = {
      name: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::891377069453:user/audital is not authorized to perform: sts:AssumeRole on resource: ${ROLE_ARN}`,
    };
    expect(await refusalOf(assume(simulator, { externalId: 'aud_ext_wrong' }))).toEqual(denied);
    expect(await refusalOf(assume(simulator, { externalId: null }))).toEqual(denied);
    const noSuchRole = await refusalOf(assume(simulator, { roleArn: 'arn:aws:iam::123456789012:role/None' }));
    expect(noSuchRole).toMatchObject({ name: 'AccessDenied', status: 403 });
  });

  it('takes any external id, or none, when the trust policy does not ask for one', async () => {
    await run(simulator, trustPolicy('arn:aws:iam::891377069453:root'));
    await assume(simulator, { externalId: 'anything' });
    await assume(simulator, { externalId: null });
  });

  it('takes either of two external ids while they are being rotated', async () => {
    await run(simulator, trustPolicy('arn:aws:iam::891377069453:root', ['old-id', 'new-id']));
    await assume(simulator, { externalId: 'old-id' });
    await assume(simulator, { externalId: 'new-id' });
    expect((await refusalOf(assume(simulator, { externalId: 'third' }))).name).toBe('AccessDenied');
  });

  it('tells the whole account as principal from one role of it', async () => {
    const keys = { accessKeyId: 'AKIACOLLECTORROLE000', secretAccessKey: 'x' };
    await run(
      simulator,
      { type: 'putAccessKey', accessKeyId: keys.accessKeyId, arn: 'arn:aws:iam::891377069453:role/Collector' },
      trustPolicy('arn:aws:iam::891377069453:role/Collector', 'id'),
    );
    await assume(simulator, { keys, externalId: 'id' });
    expect((await refusalOf(assume(simulator, { externalId: 'id' }))).name).toBe('AccessDenied');
    await run(simulator, trustPolicy('arn:aws:iam::000000000001:root', 'id'));
    expect((await refusalOf(assume(simulator, { keys, externalId: 'id' }))).name).toBe('AccessDenied');
  });

  it('keeps to the limits of sessions, role chaining among them', async () => {
    expect(await refusalOf(assume(simulator, { durationSeconds: 7200 }))).toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
    expect((await refusalOf(assume(simulator, { durationSeconds: 60 }))).name).toBe('ValidationError');
    const keys = { accessKeyId: 'AKIACOLLECTORROLE000', secretAccessKey: 'x' };
    await run(simulator, {
      type: 'putAccessKey',
      accessKeyId: keys.accessKeyId,
      arn: 'arn:aws:iam::891377069453:role/Collector',
    });
    expect((await refusalOf(assume(simulator, { keys, durationSeconds: 7200 }))).message).toContain('role chaining');
  });

  it('says who one is', async () => {
    const asked = async (keys = operatorKeys) => {
      const { Account, Arn, UserId } = await clientsOf(simulator, keys).sts.send(new GetCallerIdentityCommand({}));
      return { Account, Arn, UserId };
    };
    expect(await asked()).toMatchObject({ Account: '891377069453', Arn: 'arn:aws:iam::891377069453:user/audital' });
    expect(await asked(await assume(simulator))).toEqual({
      Account: '123456789012',
      Arn: `arn:aws:sts::123456789012:assumed-role/${ROLE}/audital-int_test`,
      UserId: expect.stringMatching(/^AROA.{16}:audital-int_test$/) as string,
    });
  });

  it('ends sessions by the account’s clock, under the names that each service has for it', async () => {
    const keys = await assume(simulator, { durationSeconds: 900 });
    expect(keys.expiration.getTime()).toBeGreaterThan(Date.now() + 890_000);
    const { sagemaker, sts } = clientsOf(simulator, keys);
    await sagemaker.send(new ListModelsCommand({}));
    await admin(simulator, 'POST clock', { advanceSeconds: 899 });
    await sagemaker.send(new ListModelsCommand({}));
    await admin(simulator, 'POST clock', { advanceSeconds: 1 });
    expect(await refusalOf(sagemaker.send(new ListModelsCommand({})))).toEqual({
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
      status: 400,
    });
    expect((await refusalOf(sts.send(new GetCallerIdentityCommand({})))).status).toBe(403);
  });

  it('can expire every session at once, and those that come after are good', async () => {
    const { sagemaker } = clientsOf(simulator, await assume(simulator));
    await run(simulator, { type: 'expireSessions' });
    expect((await refusalOf(sagemaker.send(new ListModelsCommand({})))).name).toBe('ExpiredTokenException');
    await clientsOf(simulator, await assume(simulator)).sagemaker.send(new ListModelsCommand({}));
  });

  it('knows its keys', async () => {
    const unknown = { accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'x' };
    expect(await refusalOf(clientsOf(simulator, unknown).sts.send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: 'InvalidClientTokenId',
      status: 403,
    });
    const { sagemaker } = clientsOf(simulator, { ...(await assume(simulator)), accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' });
    expect((await refusalOf(sagemaker.send(new ListModelsCommand({})))).name).toBe('UnrecognizedClientException');
    // The operator may assume the role; of the account itself it sees nothing.
    const { name } = await refusalOf(clientsOf(simulator, operatorKeys).sagemaker.send(new ListModelsCommand({})));
    expect(name).toBe('AccessDeniedException');
  });

  it('evaluates the permission policy for each action, by each service’s name for a refusal', async () => {
    const only = (...actions: string[]) => ({
      type: 'setPermissionPolicy',
      role: ROLE,
      policy: { Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
    });
    const { sagemaker, cloudwatch } = clientsOf(simulator, await assume(simulator));
    await run(simulator, only('sagemaker:ListTrainingJobs'));
    await sagemaker.send(new ListTrainingJobsCommand({}));
    expect(await refusalOf(sagemaker.send(new ListModelsCommand({})))).toMatchObject({
      name: 'AccessDeniedException',
      status: 400,
      message: expect.stringContaining('not authorized to perform: sagemaker:ListModels') as string,
    });
    expect(await refusalOf(cloudwatch.send(new ListMetricsCommand({})))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
    await admin(simulator, 'POST faults', { denyActions: ['sagemaker:List*'] });
    expect((await refusalOf(sagemaker.send(new ListTrainingJobsCommand({})))).name).toBe('AccessDeniedException');
  });

  it('has regions that are switched off', async () => {
    const keys = await assume(simulator);
    await run(simulator, { type: 'setRegion', region: 'af-south-1', enabled: false });
    const { sagemaker, sts } = clientsOf(simulator, keys, 'af-south-1');
    expect((await refusalOf(sagemaker.send(new ListModelsCommand({})))).name).toBe('UnrecognizedClientException');
    expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: 'RegionDisabledException',
      status: 403,
    });
  });
});
