import type { AwsDoor } from './aws-door';
import { COMMANDS } from './domain/commands';
import type { JsonObject } from './domain/json';
import { Refused } from './domain/refused';
import { instant, integerBetween, isObject, list, numberBetween, optional, shape, anything } from './domain/shape';
import type { Simulator } from './simulator';

export interface AdminRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Buffer;
}

export interface AdminAnswer {
  status: number;
  body: unknown;
}

type Handler = (request: AdminRequest, input: JsonObject) => AdminAnswer;

const ok = (body: unknown): AdminAnswer => ({ status: 200, body });

const nextStep = shape({ after: optional(integerBetween(0, 10_000)) });
const clockMove = shape({ to: optional(instant), advanceSeconds: optional(numberBetween(0, 10 ** 9)) });
const commandList = shape({ commands: list(anything) });

const STATUS: Record<Refused['code'], number> = { INVALID: 400, NOT_FOUND: 404, CONFLICT: 409 };

/** The side door: plays the customer, the story and the bad day. It knows no authentication; it is for the machine that it runs on. */
export class Admin {
  private readonly handlers: Record<string, Handler>;

  constructor(
    private readonly simulator: Simulator,
    private readonly door: AwsDoor,
  ) {
    this.handlers = {
      'GET /_admin/health': () => ok({ status: 'ok', now: new Date(simulator.now()).toISOString() }),
      'GET /_admin/story': () => ok(simulator.storyView()),
      'POST /_admin/story/next': (_, input) => this.next(input),
      'GET /_admin/commands': () => ok(this.commandNames()),
      'POST /_admin/commands': (_, input) =>
        this.run(Array.isArray(input['commands']) ? commandList(input, 'body').commands : [input]),
      'GET /_admin/faults': () => ok({ faults: simulator.account.faults, limits: simulator.account.limits }),
      'POST /_admin/faults': (_, input) => this.run([{ ...input, type: 'setFaults' }]),
      'POST /_admin/limits': (_, input) => this.run([{ ...input, type: 'setLimits' }]),
      'GET /_admin/clock': () => ok(this.clock()),
      'POST /_admin/clock': (_, input) => this.moveClock(input),
      'GET /_admin/calls': ({ query }) =>
        ok(this.door.calls.view(Math.min(1000, Number(query.get('recent') ?? 0) || 0))),
      'DELETE /_admin/calls': () => {
        this.door.calls.reset(simulator.clock.realNow());
        return ok(this.door.calls.view(0));
      },
    };
  }

  handle(request: AdminRequest): AdminAnswer {
    const handler = this.handlers[`${request.method} ${request.path}`];
    if (!handler)
      return { status: 404, body: problem('NOT_FOUND', `Known here: ${Object.keys(this.handlers).join(', ')}.`) };
    try {
      return handler(request, parse(request.body));
    } catch (error) {
      if (error instanceof Refused) return { status: STATUS[error.code], body: problem(error.code, error.message) };
      throw error;
    }
  }

  private next(input: JsonObject): AdminAnswer {
    const { step, position, finished } = this.simulator.next(nextStep(input, 'body').after ?? null);
    return ok({
      step: step === null ? null : { index: this.simulator.storySteps.indexOf(step), title: step.title },
      position,
      finished,
    });
  }

  /** Not atomic: what comes before the first refusal stays, and the answer says how many that are. */
  private run(commands: unknown[]): AdminAnswer {
    const { applied, refused } = this.simulator.execute(commands);
    const now = new Date(this.simulator.now()).toISOString();
    if (refused === null) return ok({ applied, now });
    return { status: STATUS[refused.code], body: { ...problem(refused.code, refused.message), applied, now } };
  }

  private commandNames() {
    return Object.entries(COMMANDS).map(([type, { members }]) => ({ type, members }));
  }

  private moveClock(input: JsonObject): AdminAnswer {
    const { to, advanceSeconds } = clockMove(input, 'body');
    if ((to === undefined) === (advanceSeconds === undefined))
      throw new Refused('INVALID', 'Give either "to" or "advanceSeconds".');
    this.simulator.moveClock(to ?? this.simulator.now() + Math.round((advanceSeconds as number) * 1000));
    return ok(this.clock());
  }

  private clock() {
    const { clock } = this.simulator;
    return {
      now: new Date(this.simulator.now()).toISOString(),
      realNow: new Date(clock.realNow()).toISOString(),
      rate: clock.rate,
    };
  }
}

const problem = (code: string, message: string) => ({ error: { code, message } });

function parse(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refused('INVALID', 'The body is not JSON.');
  }
  if (!isObject(parsed)) throw new Refused('INVALID', 'The body must be a JSON object.');
  return parsed;
}
