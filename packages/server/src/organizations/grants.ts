import type { PlatformContext } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Role } from '../http/role.ts';

/**
 * Only owners, and the super admin, make or unmake an owner; an API key is worth an admin here.
 *
 * @throws AppError `forbidden`
 */
export function requireGrant(ctx: PlatformContext, ...roles: readonly Role[]): void {
  const { actor } = ctx;
  const isOwner = actor.kind === 'member' && actor.role === 'owner';
  if (isOwner || actor.kind === 'super_admin' || actor.kind === 'system') return;
  if (!roles.includes('owner')) return;
  throw new AppError('forbidden', 'Only an owner of the workspace may do this.', {
    details: { required_roles: ['owner'] },
  });
}
