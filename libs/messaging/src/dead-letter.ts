import { subjects } from '@audital/contracts';
import type { Bus } from './bus';
import type { Delivery } from './delivery';

/** A header holds one line. */
const headerText = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 500);

/**
 * Stores a message in `dead.<subject>`, byte for byte, with the reason. Dying after this and before the message is terminated, it is
 * judged again and stored again: the id makes that one dead letter within the broker's duplicate window.
 */
export async function bury(bus: Bus, delivery: Delivery, reason: string): Promise<void> {
  const { stream, sequence, subject, deliveries } = delivery;
  await bus.publishBytes(subjects.dead(subject), delivery.data, {
    messageId: `dead:${stream}:${delivery.id}`,
    headers: {
      ...delivery.headers,
      'Audital-Reason': headerText(reason),
      'Audital-Stream': stream,
      'Audital-Sequence': String(sequence),
      'Audital-Subject': subject,
      'Audital-Deliveries': String(deliveries),
    },
  });
}
