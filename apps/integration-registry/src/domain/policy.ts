import {
  type Actor,
  type ChangeHold,
  type Organisation,
  type OrganisationEvent,
  Rejected,
  RETENTION,
  type SetRetention,
} from '@audital/contracts';

const HOLDS_MAX = 100;

/** Retention is set to what is already set: nothing. Shorter or longer than allowed is Rejected. */
export function decideRetention(state: Organisation | null, request: SetRetention, at: string): OrganisationEvent[] {
  const organisation = existing(state);
  const { retentionDays } = request;
  const { floorDays, daysMax } = RETENTION;
  if (!Number.isSafeInteger(retentionDays) || retentionDays < floorDays || retentionDays > daysMax) {
    throw new Rejected(
      'RETENTION_OUT_OF_RANGE',
      `Payloads are kept for ${floorDays} to ${daysMax} days: six months is the shortest time that logs may be kept (Regulation (EU) 2024/1689, Art. 19 and 26).`,
    );
  }
  if (organisation.retentionDays === retentionDays) return [];
  return [{ type: 'RetentionSet', data: { at, by: personNamed(request.who), retentionDays } }];
}

/** Placing the same hold again changes nothing. */
export function decideHold(
  state: Organisation | null,
  { change, ...request }: ChangeHold & { change: 'place' | 'lift' },
  at: string,
): OrganisationEvent[] {
  const { holds } = existing(state);
  const { name, reason } = request;
  if (!isText(name, 64)) throw new Rejected('REQUEST_INVALID', 'A legal hold has a name of 1 to 64 characters.');
  if (!isText(reason, 2000)) throw new Rejected('REQUEST_INVALID', 'reason is a text of 1 to 2000 characters.');
  const standing = holds.some((hold) => hold.name === name);
  const data = { at, by: personNamed(request.who), name, reason };
  if (change === 'lift') {
    if (standing) return [{ type: 'LegalHoldLifted', data }];
    const names = holds.map((hold) => JSON.stringify(hold.name)).join(', ') || 'there is none';
    throw new Rejected('HOLD_NOT_FOUND', `There is no legal hold ${JSON.stringify(name)}; in force: ${names}.`);
  }
  if (standing) return [];
  if (holds.length >= HOLDS_MAX) throw new Rejected('TOO_MANY_HOLDS', `${HOLDS_MAX} legal holds are in force already.`);
  return [{ type: 'LegalHoldPlaced', data }];
}

export function existing(state: Organisation | null): Organisation {
  if (state === null) throw new Rejected('ORGANISATION_NOT_FOUND', 'There is no such organisation.');
  return state;
}

function personNamed(who: string): Actor {
  if (!isText(who, 128)) throw new Rejected('REQUEST_INVALID', 'who is the person who asks, in 1 to 128 characters.');
  return { type: 'USER', id: who };
}

const isText = (text: unknown, charactersMax: number): boolean =>
  typeof text === 'string' && text.trim() !== '' && text.length <= charactersMax && text.isWellFormed();
