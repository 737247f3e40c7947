import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import type { DueWorkRow } from '../due-work/sql.ts';
import { completeChange } from './changes.ts';
import { startTrial } from './set-trial.ts';
import { findUnfinishedChange, finishChange, type UnfinishedChange } from './sql.ts';

/** How long the provider knows a key: a repeat after that may do a thing twice. */
const keyLifeMs = 86_400_000;

/**
 * Sees a change through that was begun and not finished: its process died, or the provider was away.
 * One that is a day old, or that a newer one has overtaken, is closed instead.
 */
export async function runChangeWork(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  const ctx = systemContext(deps, work.organization_id);
  const [change] = await deps.db.query<UnfinishedChange>(
    findUnfinishedChange(work.organization_id, work.reference),
  );
  if (change === undefined) return;
  const age = ctx.clock.now().getTime() - new Date(change.created_at).getTime();
  if (age >= keyLifeMs || change.is_overtaken) return close(ctx, change);
  const start = change.kind === 'trial' ? () => startTrial(deps, ctx, change) : undefined;
  await completeChange(deps, ctx, change, start);
}

async function close(ctx: Context, change: UnfinishedChange): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const statement = finishChange(ctx.organization.id, change.id, ctx.clock.now());
    const [first] = await tx.query(statement);
    if (first === undefined) return;
    const { plan_id, plan_version, interval, kind, detail } = change;
    await appendAudit(tx, ctx, {
      action: 'subscription.change_failed',
      target: { kind: 'subscription', id: change.subscription_id },
      before: null,
      after: { change: kind, plan_id, plan_version, interval, ...detail },
      reason: change.is_overtaken ? 'a newer change was asked for' : 'not done within a day',
    });
  });
}
