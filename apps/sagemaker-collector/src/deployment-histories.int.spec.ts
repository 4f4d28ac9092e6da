import type { JsonObject } from '@audital/contracts';
import { seeded } from '@audital/testing';
import { expectedOf } from './testing/deployment-oracle';
import { EndpointHistory, type Life } from './testing/endpoint-history';
import { type Sealed, WatchedAccount } from './testing/watched-account';

const HISTORIES = 200;
const LOOKS = 12;
const SEED = 20_260_302;

let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const keyOf = ({ name, createdAt }: { name: string; createdAt: string }): string => `${name} of ${createdAt}`;

function wordsOf({ eventType, payload }: Sealed): string {
  const { kind, endpointConfigName: config } = payload;
  const models = `model ${payload.modelName ?? null}, before ${payload.previousModelName ?? null}`;
  if (eventType === 'DEPLOYMENT_ENDED') return `ENDED ${config}, before ${payload.previousModelName ?? null}`;
  if (kind === 'FAILED') return `FAILED ${config}`;
  if (kind === 'ROLLED_BACK') return `ROLLED_BACK ${config} from ${payload.attemptedEndpointConfigName}`;
  return `${kind} ${config}, ${models}`;
}

/** Between two looks, up to three things happen to each endpoint, ten seconds apart. */
async function passes(histories: EndpointHistory[], random: () => number): Promise<void> {
  const began = await account.now();
  await account.passes(60);
  const commands: JsonObject[] = [];
  for (const history of histories) {
    const steps = Math.floor(random() * 4);
    for (let step = 1; step <= steps; step += 1)
      commands.push(...history.step(new Date(began + step * 10_000).toISOString()));
  }
  for (let from = 0; from < commands.length; from += 500) await account.run(...commands.slice(from, from + 500));
}

it(`tells of ${HISTORIES} random histories what the oracle says, each of their lives by itself`, async () => {
  const random = seeded(SEED);
  const histories = Array.from({ length: HISTORIES }, (_, index) => new EndpointHistory(`endpoint-${index}`, random));
  for (const _ of [1, 2, 3]) await passes(histories, random);
  await account.register();
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) await passes(histories, random);
    expect(await account.poll()).toMatchObject({ outcome: 'OK' });
    for (const history of histories) history.look(look === 0);
  }
  // One that vanished young has ended only when no replica can be behind any more.
  await account.passes(15 * 60);
  await account.poll();
  const told = Map.groupBy(await account.events(), ({ payload }) =>
    keyOf({ name: payload.endpointName, createdAt: payload.createdAt }),
  );
  const lives: Life[] = histories.flatMap((history) => history.lives);
  const wrong = lives.flatMap((life) => {
    const expected = expectedOf(life);
    const found = (told.get(keyOf(life)) ?? []).map(wordsOf);
    return JSON.stringify(expected) === JSON.stringify(found) ? [] : [{ life: keyOf(life), expected, found }];
  });
  expect(wrong).toEqual([]);
  const kinds = new Set(lives.flatMap((life) => expectedOf(life).map((words) => words.split(' ')[0])));
  expect([...kinds].sort()).toEqual(
    ['BASELINE', 'CREATED', 'ENDED', 'FAILED', 'ROLLED_BACK', 'TRAFFIC_SHIFT', 'UPDATED'].sort(),
  );
  expect([...told.keys()].filter((key) => !lives.some((life) => keyOf(life) === key))).toEqual([]);
}, 180_000);
