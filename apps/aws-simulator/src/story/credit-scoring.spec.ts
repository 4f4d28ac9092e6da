import { Account } from '../domain/account';
import { applyCommand } from '../domain/commands';
import { creditScoring } from './credit-scoring';

const BASE = Date.parse('2026-03-02T09:00:00.000Z');

describe('the credit-scoring story', () => {
  const story = creditScoring(BASE);

  it('can be played: no command of it is refused', () => {
    const account = new Account({ accountId: '123456789012', homeRegion: 'eu-west-2', seed: 'seed' });
    story.before.forEach((command) => applyCommand(account, command, BASE));
    for (const step of story.steps) {
      for (const command of step.commands) applyCommand(account, command, BASE + step.offsetSeconds * 1000);
    }
    const region = account.region('eu-west-2');
    expect(region.endpoints.get('credit-scorer-prod')).toBeUndefined();
    expect(region.endpoints.values().every(({ status }) => status === 'InService')).toBe(true);
    expect(region.trainingJobs.values().filter(({ status }) => status === 'InProgress')).toEqual([]);
    expect(region.processingJobs.values().filter(({ status }) => status === 'InProgress')).toEqual([]);
  });

  it('begins within two minutes, lasts less than two hours, and its steps follow each other', () => {
    const offsets = story.steps.map(({ offsetSeconds }) => offsetSeconds);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(story.steps.find(({ expected }) => expected)?.offsetSeconds).toBe(120);
    expect(offsets[offsets.length - 1]).toBeLessThanOrEqual(7200);
  });

  it('says what must be recorded: each of it told apart from all the rest, and about the credit scorer', () => {
    const expected = story.steps.flatMap((step) => step.expected ?? []);
    expect(expected.map(({ eventType }) => eventType)).toEqual([
      'TRAINING_COMPLETED',
      'MODEL_REGISTERED',
      'TRAINING_COMPLETED',
      'DEPLOYMENT',
      'TRAINING_METRICS',
      'TRAINING_METRICS',
      'ALERT',
      'TRAINING_COMPLETED',
      'DEPLOYMENT',
      'TRAINING_METRICS',
      'DEPLOYMENT_FAILED',
      'DEPLOYMENT_ENDED',
    ]);
    expect(new Set(expected.map(({ eventType, match }) => JSON.stringify([eventType, match]))).size).toBe(
      expected.length,
    );
    expect(expected.filter(({ resource }) => !resource.startsWith('credit-scorer'))).toEqual([]);
  });
});
