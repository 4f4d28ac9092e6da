import { Conflict, Corrupt, Rejected, Unavailable } from '@audital/contracts';
import { StreamDeleted } from './ledger';

const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** What a SQLite error means to a service. Ours pass through. */
export function mapSqliteError(error: unknown, path: string): unknown {
  if ([Conflict, Corrupt, Rejected, Unavailable, StreamDeleted].some((kind) => error instanceof kind)) return error;
  const code = (error as { errcode?: number }).errcode;
  if (code === undefined) return error;
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return new Unavailable('ledger', `${path} was locked by another process for longer than 5 s.`, { cause: error });
    case FULL:
      return new Unavailable(
        'ledger',
        `${path} cannot grow: the disk is full. Make room; what waits is written then.`,
        { cause: error },
      );
    case IO_ERROR:
      return new Unavailable('ledger', `${path} could not be read or written (I/O error).`, { cause: error });
    case CANNOT_OPEN:
      return new Unavailable(
        'ledger',
        `${path} cannot be opened: does the folder exist, and may this user write to it?`,
        { cause: error },
      );
    case CORRUPT:
    case NOT_A_DATABASE:
      return new Corrupt(
        path,
        null,
        `${path} is damaged or no ledger at all (${(error as Error).message}): restore it from a backup.`,
        { cause: error },
      );
    default:
      return error;
  }
}
