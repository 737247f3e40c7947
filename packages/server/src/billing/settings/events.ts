import type { Context } from '../../context.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import type { BillingEvent } from '../schema.ts';
import { listBillingEventsOfOrganization } from './sql.ts';

/**
 * A page of what happened to the workspace's subscription, payments and limits, newest first.
 *
 * @param type only events of this type
 */
export async function listBillingEvents(
  ctx: Context,
  page: ListQuery,
  type: string | null,
): Promise<List<BillingEvent>> {
  const statement = listBillingEventsOfOrganization(ctx.organization.id, page, type);
  return toList(await ctx.db.query<BillingEvent>(statement), page.limit);
}
