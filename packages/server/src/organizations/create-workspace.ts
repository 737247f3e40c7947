import type { PlatformContext } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Caller } from '../http/ports.ts';
import { createOrganization } from './organizations.ts';
import { createOwnWorkspace } from './own-workspaces.ts';
import type { CreateWorkspace, Workspace } from './schema.ts';

/**
 * Makes a workspace for whoever calls: a member becomes its owner, the operator's has none yet. Only
 * for the super admin it begins on another plan than Free, and however many they own.
 *
 * @throws AppError `forbidden` for an API key, and for a member who names a plan; `conflict`
 */
export async function createWorkspace(
  ctx: PlatformContext,
  caller: Caller,
  { name, plan_id: planId }: CreateWorkspace,
): Promise<Workspace> {
  if (caller.kind !== 'member') return createOrganization(ctx, { name, planId });
  const { userId } = caller;
  const isOperator = caller.superAdmin === 'yes';
  if (!isOperator && planId !== undefined && planId !== 'plan_free') {
    const message = 'A workspace begins on the Free plan; subscribe it to another one afterwards.';
    throw new AppError('forbidden', message);
  }
  return createOwnWorkspace(ctx, { name, userId, planId, counted: !isOperator });
}
