import type { Ledger } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import { Harness } from './harness';

interface BrokerForTests {
  connect: (user: 'gateway') => Promise<Bus>;
  stop: () => Promise<void>;
}

export interface GatewayForTests<Broker> {
  readonly harness: Harness;
  readonly nats: Broker;
}

/** One broker and one gateway for a spec file. `checkLedger` is left out by those that damage the ledger on purpose. */
export function gatewayForTests<Broker extends BrokerForTests>(o: {
  startNats: () => Promise<Broker>;
  checkLedger?: (ledger: Ledger) => Promise<unknown>;
}): GatewayForTests<Broker> {
  let nats: Broker;
  let harness: Harness;
  beforeAll(async () => {
    nats = await o.startNats();
    harness = await Harness.start(await nats.connect('gateway'));
  });
  afterAll(async () => {
    try {
      await o.checkLedger?.(harness.ledger);
    } finally {
      await harness?.stop();
      await nats?.stop();
    }
  });
  return {
    get harness() {
      return harness;
    },
    get nats() {
      return nats;
    },
  };
}
