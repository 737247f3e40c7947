import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { notFound } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { adjustableCategories, categoryRules, type Category } from './categories.ts';
import type { Preferences, UpdatePreferences } from './schema.ts';
import { findMemberPreferences, upsertPreferences, type MemberPreferencesRow } from './sql.ts';

/**
 * What a member is told of by mail: the caller's own, or those of the member named.
 *
 * @throws AppError `invalid_request` where nobody is named and the caller is no member; `not_found`
 */
export async function findPreferences(ctx: Context, memberId?: string): Promise<Preferences> {
  return present(await findRow(ctx.db, ctx, memberId));
}

/** Changes what is given. @throws AppError as `findPreferences` */
export async function updatePreferences(
  ctx: Context,
  patch: UpdatePreferences,
  memberId?: string,
): Promise<Preferences> {
  return ctx.db.transaction(async (tx) => {
    const row = await findRow(tx, ctx, memberId);
    const chosen: Record<string, boolean> = {};
    for (const category of adjustableCategories) {
      const wanted = patch[category];
      if (wanted !== undefined) chosen[category] = wanted;
    }
    const { id } = ctx.organization;
    await tx.query(upsertPreferences(id, row.user_id, chosen, ctx.clock.now()));
    const after = { ...row, chosen: { ...row.chosen, ...chosen } };
    await appendAudit(tx, ctx, {
      action: 'notifications.updated',
      target: { kind: 'member', id: row.member_id },
      before: row.chosen,
      after: after.chosen,
    });
    return present(after);
  });
}

async function findRow(
  db: Queryable,
  ctx: Context,
  memberId: string | undefined,
): Promise<MemberPreferencesRow> {
  const { actor } = ctx;
  const userId = actor.kind === 'member' ? actor.id : null;
  if (memberId === undefined && userId === null) {
    const detail = 'is needed: these credentials belong to no member';
    throw invalidRequest([{ pointer: '/query/member_id', detail }]);
  }
  const member = memberId === undefined ? { id: null, userId } : { id: memberId, userId: null };
  const [row] = await db.query<MemberPreferencesRow>(
    findMemberPreferences(ctx.organization.id, member),
  );
  // Of another member only the operator and the workspace's keys may know.
  if (row === undefined || (userId !== null && row.user_id !== userId)) throw notFound('member');
  return row;
}

function present(row: MemberPreferencesRow): Preferences {
  const wants = (category: Category): boolean => {
    const { adjustable, byDefault } = categoryRules[category];
    return adjustable ? (row.chosen[category] ?? byDefault) : byDefault;
  };
  const categories: Category[] = ['usage', 'billing', 'security', 'digest'];
  return {
    object: 'notification_preferences',
    member_id: row.member_id,
    email: row.email,
    usage: wants('usage'),
    billing: wants('billing'),
    security: wants('security'),
    digest: wants('digest'),
    receives: categories.filter(
      (category) => wants(category) && categoryRules[category].roles.includes(row.role),
    ),
  };
}
