import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { type InputError, invalidRequest } from '../http/validation.ts';
import { announce } from '../notifications/outbox.ts';
import { recordBillingEvent } from '../organizations/billing-events.ts';
import { changeLimits } from '../organizations/limits.ts';
import { lockOrganization, requireOperator } from '../organizations/organizations.ts';
import { findAvailablePlan } from '../plans/plans.ts';
import type { Plan } from '../plans/schema.ts';
import type { AssignPlan, Subscription } from './schema.ts';
import {
  findFixedCurrency,
  findOverdueInvoice,
  findSubscriptionOfOrganization,
  updateSubscriptionPlan,
} from './sql.ts';

/** What the workspace is subscribed to. @throws AppError `not_found` */
export async function findSubscription(ctx: Context): Promise<Subscription> {
  return findCurrent(ctx.db, ctx);
}

/** The hosted page of the invoice that is overdue; null: none is, or nothing is known of it. */
export async function findOverdueInvoiceUrl(
  db: Queryable,
  organizationId: string,
): Promise<string | null> {
  const [row] = await db.query<{ overdue_invoice_url: string | null }>(
    findOverdueInvoice(organizationId),
  );
  return row?.overdue_invoice_url ?? null;
}

async function findCurrent(db: Queryable, ctx: Context): Promise<Subscription> {
  const [row] = await db.query<{ subscription: Subscription | null }>(
    findSubscriptionOfOrganization(ctx.organization.id, ctx.clock.now()),
  );
  const subscription = row?.subscription ?? null;
  if (subscription === null) throw notFound('workspace');
  return subscription;
}

/**
 * Puts the workspace onto the current version of a plan, at once and without payment. What was used
 * stays used, periods stay where they are; a debt that stood in the way is forgiven.
 *
 * @throws AppError `not_found`; `invalid_request` for a plan that there is not, or that has no price
 *   in that currency and interval; `conflict` for a workspace that pays for its plan, or in another
 *   currency
 */
export async function assignPlan(ctx: Context, input: AssignPlan): Promise<Subscription> {
  requireOperator(ctx);
  const { id } = ctx.organization;
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const before = await findCurrent(tx, ctx);
    if (before.stripe_subscription_id !== null) throw paysAlready(id);
    const plan = await findAvailablePlan(tx, id, input.plan_id);
    if (plan === null) {
      throw invalidRequest([
        { pointer: '/body/plan_id', detail: 'must be the id of an active plan' },
      ]);
    }
    const { interval = before.interval, currency = before.currency } = input;
    const mistakes = priceMistakes(plan, interval, currency);
    if (mistakes.length > 0) throw invalidRequest(mistakes);
    const assignment = {
      organizationId: id,
      planId: plan.id,
      planVersion: plan.version,
      interval,
      currency,
    };
    await changeLimits(tx, ctx, async () => {
      // Nothing is admitted from here on, so nothing more can come to be owed in another one.
      await requireCurrency(tx, id, currency);
      await tx.query(updateSubscriptionPlan(assignment, ctx.clock.now()));
    });
    const after = await findCurrent(tx, ctx);
    const change = { before: summaryOf(before), after: summaryOf(after) };
    await recordBillingEvent(tx, ctx, {
      type: 'subscription.plan_assigned',
      summary: `Moved from ${before.plan.name} to ${after.plan.name} by the operator`,
      data: change,
    });
    await announce(tx, ctx, {
      topic: 'subscription.changed',
      dedupeKey: `subscription.changed:${after.id}:plan_assigned:${ctx.requestId}`,
      payload: {
        change: 'plan_assigned',
        plan_id: after.plan.id,
        plan_name: after.plan.name,
        previous_plan_id: before.plan.id === after.plan.id ? null : before.plan.id,
        interval: after.interval,
        status: after.status,
        effective_at: ctx.clock.now().toISOString(),
      },
    });
    await appendAudit(tx, ctx, {
      action: 'subscription.plan_assigned',
      target: { kind: 'subscription', id: after.id },
      ...change,
    });
    return after;
  });
}

/** What it uses past its limits would be owed in a currency that it is never charged in. */
async function requireCurrency(
  tx: Queryable,
  organizationId: string,
  currency: string,
): Promise<void> {
  const [row] = await tx.query<{ currency: string | null }>(findFixedCurrency(organizationId));
  const fixed = row?.currency ?? null;
  if (fixed === null || fixed === currency) return;
  throw new AppError('conflict', `The workspace pays in ${fixed}: give it a plan in that.`, {
    details: { currency: fixed },
  });
}

/** The provider would go on charging it, and the next news from there would bring its plan back. */
function paysAlready(organizationId: string): AppError {
  const path = `/v1/workspaces/${organizationId}/subscription`;
  const message =
    'The workspace pays for its plan: end that first ' +
    `(DELETE ${path}?when=now&settlement=refund, credit or none), or change it (POST ${path}).`;
  return new AppError('conflict', message);
}

/** A plan without any price (one that is only assigned) takes every currency and interval. */
function priceMistakes(plan: Plan, interval: string, currency: string): InputError[] {
  if (plan.prices.length === 0) return [];
  const ofCurrency = plan.prices.filter((price) => price.currency === currency);
  if (ofCurrency.length === 0) {
    const names = [...new Set(plan.prices.map((price) => price.currency))].join(', ');
    return [{ pointer: '/body/currency', detail: `must be one of ${names} for this plan` }];
  }
  if (ofCurrency.some((price) => price.interval === interval)) return [];
  const names = ofCurrency.map((price) => price.interval).join(', ');
  return [{ pointer: '/body/interval', detail: `must be one of ${names} for this plan` }];
}

function summaryOf({ plan, status, interval, currency }: Subscription) {
  return { plan_id: plan.id, plan_version: plan.version, status, interval, currency };
}
