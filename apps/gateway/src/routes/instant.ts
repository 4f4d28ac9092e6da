import { ValidateBy } from 'class-validator';

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d))?$/i;

/** RFC 3339 in UTC with milliseconds, or null. A bare date is its midnight in UTC; a day that the month does not have is refused. */
export function parseInstant(text: string): string | null {
  const found = RFC3339.exec(text);
  if (!found) return null;
  const [, year, month, day] = found;
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > lastDay) return null;
  const time = Date.parse(text.toUpperCase());
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

export function toInstant(text: string): string {
  const instant = parseInstant(text);
  if (instant === null) throw new RangeError(`${text} is no instant.`);
  return instant;
}

export const IsInstant = (): PropertyDecorator =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && parseInstant(value) !== null,
      defaultMessage: () => '$property is a time as in RFC 3339, such as 2026-03-02T11:00:00Z',
    },
  });
