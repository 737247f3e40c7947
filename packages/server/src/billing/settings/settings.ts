import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { AppError, notFound } from '../../errors.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { changeLimits } from '../../organizations/limits.ts';
import { lockOrganization, requireOperator } from '../../organizations/organizations.ts';
import type { AdminBilling, Billing, UpdateBilling } from '../schema.ts';
import {
  findBillingOfOrganization,
  findOverageTerms,
  updateBillingSettings,
  updateOverageChargeAllowed,
  type BillingSettings,
} from './sql.ts';

/** How the workspace pays, and what it chose. @throws AppError `not_found` */
export async function findBilling(ctx: Context): Promise<Billing> {
  return withoutWord(await findRow(ctx.db, ctx));
}

/**
 * Changes what is given of billing address, spend cap and overage policy. Conversions under way
 * keep the policy and price of their admission; every later one is decided by the new settings.
 * Thresholds of the new cap that are past already are told at once.
 *
 * @throws AppError `not_found`; `conflict` for a policy that the plan does not allow, or `charge`
 *   without a price or a way to pay, with `missing` naming what is
 */
export async function updateBilling(ctx: Context, patch: UpdateBilling): Promise<Billing> {
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const row = await findRow(tx, ctx);
    const before = settingsOf(row);
    const after = { ...before, ...withoutUndefined(patch) };
    const changed = settingNames.filter((name) => before[name] !== after[name]);
    if (changed.length === 0) return withoutWord(row);
    if (changed.includes('overage_policy')) await requirePolicy(tx, ctx, after.overage_policy);
    const { id } = ctx.organization;
    const update = () => tx.query(updateBillingSettings(id, after, ctx.clock.now()));
    await (changed.some((name) => name !== 'billing_email')
      ? changeLimits(tx, ctx, update)
      : update());
    const updated = withoutWord(await findRow(tx, ctx));
    await record(tx, ctx, {
      type: 'billing.updated',
      summary: `Changed: ${changed.map((name) => labels[name]).join(', ')}`,
      before: pick(before, changed),
      after: pick(after, changed),
    });
    return updated;
  });
}

/**
 * Gives or takes back the operator's word that overage may be charged although no payment method is
 * on file. Taken back, a workspace that charges without one falls back to `block`.
 *
 * @throws AppError `not_found`, `forbidden`
 */
export async function setOverageChargeAllowed(
  ctx: Context,
  allowed: boolean,
): Promise<AdminBilling> {
  requireOperator(ctx);
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const before = await findRow(tx, ctx);
    if (before.overage_charge_allowed === allowed) return before;
    const statement = updateOverageChargeAllowed(ctx.organization.id, allowed, ctx.clock.now());
    await changeLimits(tx, ctx, () => tx.query(statement));
    const after = await findRow(tx, ctx);
    const names = ['overage_charge_allowed', 'overage_policy'] as const;
    await record(tx, ctx, {
      type: 'billing.overage_charge_allowed',
      summary: allowed
        ? 'Overage may be charged without a payment method on file'
        : 'Overage is charged only with a payment method on file',
      before: pick(before, names),
      after: pick(after, names),
    });
    return after;
  });
}

const settingNames = ['billing_email', 'spend_cap_minor', 'overage_policy'] as const;

const labels: Readonly<Record<(typeof settingNames)[number], string>> = {
  billing_email: 'billing address',
  spend_cap_minor: 'spend cap',
  overage_policy: 'overage policy',
};

async function findRow(db: Queryable, ctx: Context): Promise<AdminBilling> {
  const [row] = await db.query<AdminBilling>(findBillingOfOrganization(ctx.organization.id));
  if (row === undefined) throw notFound('workspace');
  return row;
}

function settingsOf(row: AdminBilling): BillingSettings {
  const { billing_email, spend_cap_minor, overage_policy } = row;
  return { billing_email, spend_cap_minor, overage_policy };
}

function withoutWord(row: AdminBilling): Billing {
  const { overage_charge_allowed: _, ...billing } = row;
  return billing;
}

/** Null is a value here: what is left out stays. */
function withoutUndefined(patch: UpdateBilling): Partial<BillingSettings> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}

function pick<Row extends object, Name extends keyof Row>(row: Row, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

interface OverageTerms {
  plan_name: string;
  overage_policies: string[];
  unit_amount: string | null;
  currency: string;
  overage_charge_allowed: boolean;
  has_payment_method: boolean;
}

async function requirePolicy(
  tx: Queryable,
  ctx: Context,
  policy: BillingSettings['overage_policy'],
): Promise<void> {
  if (policy === 'block') return;
  const statement = findOverageTerms(ctx.organization.id, ctx.clock.now());
  const [terms] = await tx.query<OverageTerms>(statement);
  if (terms === undefined) throw notFound('workspace');
  const { plan_name: plan, overage_policies: policies, currency } = terms;
  if (!policies.includes(policy)) {
    throw new AppError('conflict', `The ${plan} plan allows overage to ${policies.join(', ')}.`, {
      details: { missing: ['plan'], overage_policies: policies },
    });
  }
  if (policy === 'warn') return;
  const needs = [
    { name: 'overage_price', isThere: terms.unit_amount !== null, text: `a price in ${currency}` },
    {
      name: 'payment_method',
      isThere: terms.overage_charge_allowed || terms.has_payment_method,
      text: "a payment method or the operator's word",
    },
  ];
  const missing = needs.filter((need) => !need.isThere);
  if (missing.length === 0) return;
  const texts = missing.map((need) => need.text).join(' and ');
  throw new AppError('conflict', `To charge for overage, the workspace needs ${texts}.`, {
    details: { missing: missing.map((need) => need.name), overage_policies: policies },
  });
}

async function record(
  tx: Queryable,
  ctx: Context,
  entry: { type: string; summary: string; before: object; after: object },
): Promise<void> {
  const { type, summary, before, after } = entry;
  await recordBillingEvent(tx, ctx, { type, summary, data: { before, after } });
  // The address is an entry of its own: erased with an account, it takes nothing else along.
  const isAddress = (name: string) => name === 'billing_email';
  for (const isWanted of [isAddress, (name: string) => !isAddress(name)]) {
    const part = {
      before: Object.fromEntries(Object.entries(before).filter(([name]) => isWanted(name))),
      after: Object.fromEntries(Object.entries(after).filter(([name]) => isWanted(name))),
    };
    if (Object.keys(part.after).length === 0) continue;
    const target = { kind: 'workspace', id: ctx.organization.id };
    await appendAudit(tx, ctx, { action: type, target, ...part });
  }
}
