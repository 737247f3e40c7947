import { isOperator, type PlatformContext } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Role } from '../http/role.ts';

/**
 * Who belongs to the workspace is for people: an API key, whatever its scopes, would make itself a
 * person who may do more than it. Only owners, and the super admin, make or unmake an owner.
 *
 * @throws AppError `forbidden`
 */
export function requireGrant(ctx: PlatformContext, ...roles: readonly Role[]): void {
  const { actor } = ctx;
  const isOwner = actor.kind === 'member' && actor.role === 'owner';
  if (isOwner || isOperator(actor)) return;
  if (roles.includes('owner')) {
    throw new AppError('forbidden', 'Only an owner of the workspace may do this.', {
      details: { required_roles: ['owner'] },
    });
  }
  if (actor.kind !== 'api_key') return;
  throw new AppError('forbidden', 'No API key may do this: sign in as an owner or admin.', {
    details: { required_roles: ['owner', 'admin'] },
  });
}
