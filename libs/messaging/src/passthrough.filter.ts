import { Catch, type ExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Without it Nest replaces every error by "Internal server error", and its class, which decides what happens next, is gone. */
@Catch()
export class PassthroughFilter implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
