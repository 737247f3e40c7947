import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { announce } from '../../notifications/outbox.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import { dropWork, planWork } from './due-work.ts';
import type { DueWorkRow } from './sql.ts';
import {
  findCardOnFile,
  findDebt,
  findEnding,
  findReminderFacts,
  type OverdueInvoice,
  type ReminderFacts,
} from './reminders-sql.ts';

const dayMs = 86_400_000;
/** The failure itself is told with the invoice, on day 0. */
const debtDays = [3, 7] as const;
const endingNoticeDays = 3;
const expiryNoticeDays = 30;

/** Plans what a workspace is to be reminded of by what is now true of it, and drops the rest. */
export async function planReminders(tx: Queryable, organizationId: string): Promise<void> {
  const [facts] = await tx.query<ReminderFacts>(findReminderFacts(organizationId));
  if (facts === undefined) return;
  const plan = async (kind: string, reference: string, dueMs: number | null): Promise<void> => {
    if (dueMs === null) return dropWork(tx, organizationId, kind, reference);
    return planWork(tx, { organizationId, kind, reference, dueAt: new Date(dueMs) });
  };
  for (const day of debtDays) {
    const { past_due_since: since } = facts;
    await plan('payment_reminder', String(day), since === null ? null : after(since, day));
  }
  const { ends_at: end, payment_method: card } = facts;
  await plan('ending_notice', 'subscription', end === null ? null : after(end, -endingNoticeDays));
  await plan('expiry_notice', 'card', card === null ? null : expiryNoticeAt(card));
}

function after(time: string, days: number): number {
  return Date.parse(time) + days * dayMs;
}

/** A card is good until the end of its month. */
function expiryNoticeAt({ exp_month: month, exp_year: year }: CardExpiry): number {
  return Date.UTC(year, month, 1) - expiryNoticeDays * dayMs;
}

type CardExpiry = NonNullable<ReminderFacts['payment_method']>;

/** Days 3 and 7 of a renewal that is not paid. */
export async function remindOfPayment(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  const day = work.reference === '3' ? 3 : 7;
  await inOrganization(deps, work, async (tx, ctx) => {
    const [debt] = await tx.query<OverdueInvoice>(findDebt(ctx.organization.id));
    if (debt === undefined) return;
    const { grace_ends_at: graceEnd, ...invoice } = debt;
    await announce(tx, ctx, {
      topic: 'invoice.payment_failed',
      dedupeKey: `invoice.payment_failed:${debt.invoice_id}:${day}`,
      payload: { ...invoice, day, grace_ends_at: graceEnd },
    });
  });
}

/** A subscription that was cancelled is about to end. */
export async function remindOfEnding(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  await inOrganization(deps, work, async (tx, ctx) => {
    const [ending] = await tx.query<{ ends_at: string; plan_name: string }>(
      findEnding(ctx.organization.id),
    );
    if (ending === undefined) return;
    await announce(tx, ctx, {
      topic: 'subscription.ending',
      dedupeKey: `subscription.ending:${ctx.organization.id}:${ending.ends_at}`,
      payload: ending,
    });
  });
}

/** The card on file is good for a month yet, and something is charged to it. */
export async function remindOfExpiry(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  await inOrganization(deps, work, async (tx, ctx) => {
    const [found] = await tx.query<{ stripe_payment_method_id: string; card: Card }>(
      findCardOnFile(ctx.organization.id),
    );
    if (found === undefined) return;
    await announce(tx, ctx, {
      topic: 'payment_method.expiring',
      dedupeKey: `payment_method.expiring:${found.stripe_payment_method_id}:${found.card.exp_year}`,
      payload: found.card,
    });
  });
}

interface Card {
  brand: string;
  last4: string;
  exp_month: number;
  exp_year: number;
}

async function inOrganization(
  deps: BillingDeps,
  work: DueWorkRow,
  tell: (tx: Queryable, ctx: Context) => Promise<void>,
): Promise<void> {
  const ctx = systemContext(deps, work.organization_id);
  await deps.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    await tell(tx, ctx);
  });
}
