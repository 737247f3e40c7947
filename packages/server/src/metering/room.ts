import type { PlatformContext } from '../context.ts';
import { findExpiredLease, findSecondsToNextSlot } from './sql.ts';

/** Whether a worker that is gone still holds room: then a refusal is not certain yet. */
export async function isRoomHeldByTheDead(
  ctx: PlatformContext,
  organizationId: string,
): Promise<boolean> {
  const [row] = await ctx.db.query<{ expired: boolean }>(findExpiredLease(organizationId));
  return row?.expired ?? false;
}

/** The expected seconds to the organization's next free slot, 1 to 60. */
export async function secondsToNextSlot(
  ctx: PlatformContext,
  organizationId: string,
): Promise<number> {
  const statement = findSecondsToNextSlot(organizationId, ctx.clock.now());
  const [row] = await ctx.db.query<{ seconds: number }>(statement);
  return row?.seconds ?? 1;
}
