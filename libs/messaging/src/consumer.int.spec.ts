import { Conflict, Corrupt, Rejected, subjects, Unavailable } from '@audital/contracts';
import { eventually } from '@audital/testing';
import { type HandleMessage, numbers, TransportBench } from './transport-bench.spec-suite';

const bench = TransportBench.use();

describe('@EventPattern', () => {
  it('handles every message once, at most `concurrency` at a time, and acknowledges it afterwards', async () => {
    const handled: number[] = [];
    let inHand = 0;
    let most = 0;
    const service = await bench.serve(
      bench.consuming(async ({ number }: { number: number }) => {
        most = Math.max(most, (inHand += 1));
        await new Promise((resolve) => setImmediate(resolve));
        inHand -= 1;
        handled.push(number);
      }),
    );
    await bench.send(...numbers(500).map((number) => ({ number })));
    await bench.settled(service);
    expect(handled.sort((a, b) => a - b)).toEqual(numbers(500));
    expect(most).toBeLessThanOrEqual(16);
  });

  it('buries what is rejected, and what is not JSON, at once and with the reason; the ones behind it are handled', async () => {
    const handled: unknown[] = [];
    const service = await bench.serve(
      bench.consuming((body) => {
        if (body === 'poison') throw new Rejected('TOO_BAD', 'This breaks\na rule.');
        handled.push(body);
      }),
    );
    await bench.send('poison', 'good');
    await bench.sender.publishBytes(bench.subjectOf('x'), Buffer.from('{"half":'), {
      messageId: `${bench.partition} half`,
    });
    await bench.settled(service);
    expect(handled).toEqual(['good']);
    const dead = await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(0)));
    expect(dead).toMatchObject({
      body: 'poison',
      headers: {
        'Audital-Reason': 'TOO_BAD: This breaks a rule.',
        'Audital-Stream': 'WORK_SEAL',
        'Audital-Subject': bench.subjectOf(0),
        'Audital-Deliveries': '1',
      },
    });
    const broken = await bench.operator.manager.streams.getMessage('DEAD', {
      last_by_subj: subjects.dead(bench.subjectOf('x')),
    });
    expect(Buffer.from(broken.data).toString()).toBe('{"half":');
    expect(broken.header.get('Audital-Reason')).toMatch(/^MESSAGE_NOT_JSON: /);
  });

  it('tries what fails for an unknown reason five times, then buries it', async () => {
    const tries: Record<string, number> = {};
    const service = await bench.serve(
      bench.consuming((name: string) => {
        tries[name] = (tries[name] ?? 0) + 1;
        if (name === 'always' || (name === 'flaky' && (tries[name] ?? 0) < 3)) throw new TypeError('no such function');
      }),
    );
    await bench.send('always', 'flaky', 'fine');
    await bench.settled(service);
    expect(tries).toEqual({ always: 5, flaky: 3, fine: 1 });
    const dead = await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(0)));
    expect(dead?.headers['Audital-Reason']).toBe('failed 5 times: TypeError: no such function');
    expect(await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(1)))).toBeNull();
  });

  it.each([
    ['Unavailable', new Unavailable('ledger', 'The ledger is away.')],
    ['Conflict', new Conflict('chain-x', 3, 4)],
  ])('waits for as long as it takes when it is %s, which counts against no message', async (_, error) => {
    let tries = 0;
    const service = await bench.serve(
      bench.consuming(() => {
        tries += 1;
        if (tries <= 20) throw error;
        if (tries <= 24) throw new Error('four of five');
      }),
    );
    await bench.send('patient');
    await bench.settled(service);
    expect(tries).toBe(25);
    expect(await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(0)))).toBeNull();
  });

  it('pauses while a dependency is away instead of pulling everything through the failing handler', async () => {
    let away = true;
    let calls = 0;
    let ok = 0;
    const service = await bench.serve(
      bench.consuming(() => {
        calls += 1;
        if (away) throw new Unavailable('ledger', 'The ledger is away.');
        ok += 1;
      }),
    );
    await bench.send(...numbers(300));
    await eventually(() => calls > 20, { what: 'a few tries' });
    // 16 that were in hand when it began, then one for each pause of 5 to 40 ms.
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls - before).toBeLessThan(50);
    away = false;
    await bench.settled(service);
    expect(ok).toBe(300);
  });

  it('alarms and keeps the message when history is corrupt, and goes on with the others', async () => {
    const handled: unknown[] = [];
    const { log } = await bench.serve(
      bench.consuming((body) => {
        if (body === 'corrupt') throw new Corrupt('chain-org_1', 7, 'Position 7 has another hash.');
        handled.push(body);
      }),
    );
    await bench.send('corrupt', 'good');
    await eventually(() => handled.length === 1 && log.length > 0, { what: 'the alarm' });
    expect(log).toEqual(['stored history does not verify: a person is needed: Position 7 has another hash.']);
    expect(await bench.operator.lastMessage('DEAD', subjects.dead(bench.subjectOf(0)))).toBeNull();
  });

  it('tells the broker that a long handler still works, so nobody else gets the message', async () => {
    let calls = 0;
    const service = await bench.serve(
      bench.consuming(
        async () => {
          calls += 1;
          await new Promise((resolve) => setTimeout(resolve, 2_500));
        },
        { ackWaitMs: 1_000 },
      ),
    );
    await bench.send('long');
    await bench.settled(service);
    expect(calls).toBe(1);
  });

  it('shares a durable between replicas: each message goes to one of them', async () => {
    const handled: string[] = [];
    const handle =
      (name: string) =>
      async (body: number): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        handled.push(`${body} ${name}`);
      };
    const one = await bench.serve(bench.consuming(handle('a') as HandleMessage));
    await bench.serve(bench.consuming(handle('b') as HandleMessage));
    await bench.send(...numbers(200));
    await bench.settled(one);
    expect(handled.map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b)).toEqual(numbers(200));
    for (const name of ['a', 'b']) expect(handled.filter((line) => line.endsWith(name)).length).toBeGreaterThan(20);
  });
});
