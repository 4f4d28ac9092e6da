import { type CreateOrganisation, type CreateOrganisationReply, subjects } from '@audital/contracts';
import { type BusOptions, connectBus } from '@audital/messaging';
import { until } from './wait';

const START_LIMIT_MS = 60_000;

/** Asks the registry, for as long as it starts. Repeating it is harmless: the first key, made beforehand, says which organisation it is. */
export async function createOrganisation(
  broker: Omit<BusOptions, 'name'>,
  request: CreateOrganisation,
): Promise<CreateOrganisationReply> {
  const bus = await connectBus({ ...broker, name: 'launcher' });
  try {
    return await until(
      () =>
        bus.ask<CreateOrganisationReply>(subjects.askRegistry('create-organisation'), request, { timeoutMs: 2_000 }),
      {
        deadlineMs: START_LIMIT_MS,
        everyMs: 100,
        passing: (error) => (error as Error).name === 'Unavailable',
        what: 'An answer of the integration-registry',
      },
    );
  } finally {
    await bus.close();
  }
}
