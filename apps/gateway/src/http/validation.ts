import type { Problem } from '@audital/contracts';
import { type ArgumentMetadata, type PipeTransform, ValidationPipe, type ValidationError } from '@nestjs/common';
import { ApiError } from './api-error';

/** class-validator's names of rules, most telling first: of each field one problem is told. */
const CODES: [RegExp, string][] = [
  [/^whitelistValidation$/, 'UNKNOWN_FIELD'],
  [/^isDefined$/, 'REQUIRED'],
  [/^(isString|isInt|isNumber|isBoolean|isObject|isArray|isPlainObject|nestedValidation|unknownValue)$/, 'WRONG_TYPE'],
  [/^(min|max|minLength|maxLength|length|arrayMaxSize|arrayMinSize)$/, 'OUT_OF_RANGE'],
  [/^eventReserved$/, 'EVENT_RESERVED'],
  [/^accountOfRole$/, 'ACCOUNT_MISMATCH'],
  [/.*/, 'INVALID_VALUE'],
];

/** Parses bodies and queries into their classes, and refuses what the classes do not allow, naming every bad field. */
export class RequestPipe implements PipeTransform {
  private readonly pipe = new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new InvalidFields(errors),
  });

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // An absent body is an empty one: then the rules name what is missing.
    const given = metadata.type === 'body' ? (value ?? {}) : value;
    try {
      return (await this.pipe.transform(given, metadata)) as unknown;
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      throw refusal(error.errors, metadata.type);
    }
  }
}

class InvalidFields extends Error {
  constructor(readonly errors: ValidationError[]) {
    super('Invalid fields.');
  }
}

function refusal(errors: ValidationError[], place: ArgumentMetadata['type']): ApiError {
  const problems = errors.flatMap((error) =>
    problemsOf(error, place === 'body' ? '' : place === 'query' ? 'query:' : 'path:', place === 'body'),
  );
  const named = problems.map(({ pointer }) => pointer).join(', ');
  const detail =
    problems.length === 1 ? (problems[0] as Problem).message : `${problems.length} fields are not right: ${named}.`;
  if (place !== 'body') return new ApiError('INVALID_QUERY', detail, { problems });
  const [first] = problems;
  const only = problems.length === 1 ? first?.code : undefined;
  return new ApiError(only === 'EVENT_RESERVED' || only === 'ACCOUNT_MISMATCH' ? only : 'VALIDATION_FAILED', detail, {
    problems,
  });
}

/** Pointers into a body are RFC 6901; of queries and paths the parameter is named. */
function problemsOf(error: ValidationError, prefix: string, isBody: boolean): Problem[] {
  const name = error.property.replaceAll('~', '~0').replaceAll('/', '~1');
  const pointer = isBody ? `${prefix}/${name}` : `${prefix}${error.property}`;
  const nested = (error.children ?? []).flatMap((child) => problemsOf(child, isBody ? pointer : `${pointer}.`, isBody));
  const rules = Object.entries(error.constraints ?? {});
  const [found] = CODES.flatMap(([pattern, code]) =>
    rules.filter(([rule]) => pattern.test(rule)).map(([, message]) => ({ code, message })),
  );
  if (!found) return nested;
  return [{ pointer, code: found.code, message: messageOf(found.code, error.property, found.message) }, ...nested];
}

function messageOf(code: string, field: string, rule: string): string {
  if (code === 'UNKNOWN_FIELD') return `There is no field ${field} here.`;
  return code === 'REQUIRED' ? `${field} is missing.` : sentence(rule);
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
