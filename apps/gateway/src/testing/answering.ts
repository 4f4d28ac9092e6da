import { Rejected, type Reply, Unavailable } from '@audital/contracts';
import type { Bus } from '@audital/messaging';

/** Answers requests as the service behind the subject would; `'silence'` answers nothing. Answers what was asked, and the way to stop. */
export async function answering(
  bus: Bus,
  subject: string,
  answer: (request: never) => unknown,
): Promise<{ asked: unknown[]; stop: () => Promise<void> }> {
  const asked: unknown[] = [];
  const subscription = bus.connection.subscribe(subject, {
    callback: (_error, message) => {
      const request = JSON.parse(new TextDecoder().decode(message.data)) as unknown;
      asked.push(request);
      const reply = replyOf(() => answer(request as never));
      if (reply !== null) message.respond(new TextEncoder().encode(JSON.stringify(reply)));
    },
  });
  // The server knows of it before the first request goes out, and of its end before the next one does.
  await bus.connection.flush();
  const stop = async (): Promise<void> => {
    subscription.unsubscribe();
    await bus.connection.flush();
  };
  return { asked, stop };
}

function replyOf(answer: () => unknown): Reply<unknown> | null {
  try {
    const ok = answer();
    return ok === 'silence' ? null : { ok };
  } catch (error) {
    if (error instanceof Rejected)
      return { rejected: { code: error.code, message: error.message, problems: error.problems } };
    if (error instanceof Unavailable) return { unavailable: { dependency: error.dependency, message: error.message } };
    throw error;
  }
}
