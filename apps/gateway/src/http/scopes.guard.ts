import type { Scope } from '@audital/contracts';
import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import type { Request } from 'express';
import type { Caller as Identity } from '../adapters/authenticator';
import { ApiError } from './api-error';

export const NEEDS = 'audital:scope';
const PUBLIC = 'public';

/** The scope that a route needs; `admin` has all of them. */
export const Needs = (scope: Scope): MethodDecorator & ClassDecorator => SetMetadata(NEEDS, scope);

/** A route that answers without a key. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(NEEDS, PUBLIC);

/** Who asks. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Identity => {
  const { caller } = context.switchToHttp().getRequest<Request>();
  if (!caller) throw new ApiError('KEY_MISSING', 'This route needs an API key.');
  return caller;
});

/** A route that says neither what it needs nor that it is public is open to nobody. */
@Injectable()
export class ScopesGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const needed = [context.getHandler(), context.getClass()]
      .map((target) => Reflect.getMetadata(NEEDS, target) as Scope | 'public' | undefined)
      .find((scope) => scope !== undefined);
    if (needed === PUBLIC) return true;
    const { caller } = context.switchToHttp().getRequest<Request>();
    if (!caller) throw new ApiError('KEY_MISSING', 'This route needs an API key.');
    if (needed !== undefined && (caller.scopes.includes(needed) || caller.scopes.includes('admin'))) return true;
    throw new ApiError(
      'SCOPE_MISSING',
      `This route needs the scope ${needed ?? 'admin'}; the key has ${caller.scopes.join(', ') || 'none'}.`,
    );
  }
}
