import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { lockOrganization, requireOperator } from '../../organizations/organizations.ts';
import {
  type CreditRow,
  findCredit,
  findPayingCurrency,
  finishCredit,
  fixCurrency,
  insertCredit,
} from './sql.ts';
import { ensureCustomer } from '../customer/customer.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import type { DueWorkRow } from '../due-work/sql.ts';
import { planWork } from '../due-work/due-work.ts';
import type { Credit, GiveCredit } from '../schema.ts';
import { syncOrganization } from '../sync/sync.ts';

/**
 * Gives a workspace credit: what its next invoices are reduced by. Once written down it is given,
 * sooner or later and once: where the provider does not answer now, the clock asks it again.
 *
 * @throws AppError `not_found`, `forbidden`; `conflict` for another currency than it pays in
 */
export async function giveCredit(
  deps: BillingDeps,
  ctx: Context,
  input: GiveCredit,
  id: string,
): Promise<Credit> {
  requireOperator(ctx);
  const row: CreditRow = { id, ...input };
  await ctx.db.transaction((tx) => writeDown(deps, ctx, tx, row));
  try {
    await carryOutCredit(deps, ctx.organization.id, row);
  } catch (error) {
    ctx.log.warn({ err: error, credit: id }, 'a credit waits for the payment provider');
  }
  const [credit] = await ctx.db.query<Credit>(findCredit(ctx.organization.id, id));
  if (credit === undefined) throw new Error('the credit just written is not there');
  return credit;
}

async function writeDown(
  deps: BillingDeps,
  ctx: Context,
  tx: Parameters<Parameters<BillingDeps['db']['transaction']>[0]>[0],
  row: CreditRow,
): Promise<void> {
  const { id: organizationId } = ctx.organization;
  const asOf = ctx.clock.now();
  await lockOrganization(tx, ctx);
  const [paying] = await tx.query<{ fixed_currency: string | null }>(
    findPayingCurrency(organizationId),
  );
  if (paying === undefined) throw notFound('workspace');
  const { fixed_currency: fixed } = paying;
  if (fixed !== null && fixed !== row.currency) {
    throw new AppError('conflict', `The workspace pays in ${fixed}: give its credit in that.`, {
      details: { currency: fixed },
    });
  }
  const { kind, id: actorId } = ctx.actor;
  await tx.query(insertCredit(organizationId, row, { kind, id: actorId }, asOf));
  // A balance has one currency, and so has the customer from then on.
  await tx.query(fixCurrency(organizationId, row.currency));
  await planWork(tx, { organizationId, kind: creditWork, reference: row.id, dueAt: asOf });
  await appendAudit(tx, ctx, {
    action: 'credit.given',
    target: { kind: 'credit', id: row.id },
    before: null,
    after: { amount_minor: row.amount_minor, currency: row.currency },
    reason: row.reason,
  });
}

/** The kind of due work that sees a credit through. */
export const creditWork = 'credit';

/** @throws what the provider throws: the work is done again later */
export async function runCreditWork(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  const { organization_id: organizationId, reference } = work;
  const [row] = await deps.db.query<Credit>(findCredit(organizationId, reference));
  if (row !== undefined) await carryOutCredit(deps, organizationId, row);
}

async function carryOutCredit(
  deps: BillingDeps,
  organizationId: string,
  row: CreditRow,
): Promise<void> {
  const ctx = systemContext(deps, organizationId);
  const customer = await ensureCustomer(deps, ctx);
  const transactionId = await findOrMake(deps, customer, row);
  await deps.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const [first] = await tx.query(finishCredit(organizationId, row.id, transactionId));
    if (first === undefined) return;
    await recordBillingEvent(tx, ctx, {
      type: 'credit.given',
      summary: `Credit from the operator: ${row.reason}`,
      data: { credit_id: row.id, amount_minor: row.amount_minor, currency: row.currency },
    });
  });
  await syncOrganization(deps, organizationId);
}

/** The provider forgets an idempotency key after a day; its list of transactions tells for ever. */
async function findOrMake(deps: BillingDeps, customer: string, row: CreditRow): Promise<string> {
  const { customers } = deps.stripe;
  const made = await customers
    .listBalanceTransactions(customer, { limit: 100 })
    .autoPagingToArray({ limit: 1_000 });
  const found = made.find(({ metadata }) => metadata?.['credit'] === row.id);
  if (found !== undefined) return found.id;
  const { id } = await customers.createBalanceTransaction(
    customer,
    {
      amount: -row.amount_minor,
      currency: row.currency,
      description: row.reason,
      metadata: { credit: row.id },
    },
    { idempotencyKey: `credit ${row.id}` },
  );
  return id;
}
