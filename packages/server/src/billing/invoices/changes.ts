import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import type { InvoiceFacts } from './facts.ts';
import type { KeptInvoice } from './write-sql.ts';

type Change =
  | 'finalized'
  | 'paid'
  | 'payment_failed'
  | 'payment_action_required'
  | 'voided'
  | 'uncollectible'
  | 'credited';

interface Told {
  /** `inv_…` */
  readonly id: string;
  readonly before: KeptInvoice | null;
  readonly after: InvoiceFacts;
  /** Until when nothing is interrupted; null: the subscription is not past due. */
  readonly graceEndsAt: string | null;
}

/** What happened to an invoice since it was written last: into the billing history, and announced. */
export async function tellInvoiceChanges(tx: Queryable, ctx: Context, told: Told): Promise<void> {
  const { id, before, after } = told;
  const name = after.number === null ? 'An invoice' : `Invoice ${after.number}`;
  for (const change of changesBetween(before, after)) {
    await recordBillingEvent(tx, ctx, {
      type: `invoice.${change}`,
      summary: `${name} ${phrases[change]}`,
      data: { ...publicFacts(id, after), attempt_count: after.attempt_count },
    });
    // A month that cost nothing is in the history, and in nobody's mail.
    if (after.total_minor !== 0) await announceChange(tx, ctx, change, told);
  }
}

const phrases: Readonly<Record<Change, string>> = {
  finalized: 'was issued',
  paid: 'was paid',
  payment_failed: 'could not be charged',
  payment_action_required: "waits for the card's holder to confirm its payment",
  voided: 'was voided',
  uncollectible: 'was written off',
  credited: 'was credited',
};

function changesBetween(before: KeptInvoice | null, after: InvoiceFacts): Change[] {
  const changes: Change[] = [];
  const wasDraft = before === null || before.status === 'draft';
  if (wasDraft && after.status !== 'draft') changes.push('finalized');
  const hasFailed = after.attempt_count > (before?.attempt_count ?? 0);
  const asked = before?.action_required ?? false;
  if (after.action_required && (!asked || hasFailed)) changes.push('payment_action_required');
  else if (after.status === 'open' && hasFailed) changes.push('payment_failed');
  if (before?.status !== after.status) {
    if (after.status === 'paid') changes.push('paid');
    if (after.status === 'void') changes.push('voided');
    if (after.status === 'uncollectible') changes.push('uncollectible');
  }
  if (after.credited_minor > (before?.credited_minor ?? 0)) changes.push('credited');
  return changes;
}

function publicFacts(id: string, after: InvoiceFacts) {
  return {
    invoice_id: id,
    number: after.number,
    total_minor: after.total_minor,
    amount_due_minor: after.amount_due_minor,
    currency: after.currency,
    hosted_invoice_url: after.hosted_invoice_url,
  };
}

async function announceChange(
  tx: Queryable,
  ctx: Context,
  change: Change,
  { id, after, graceEndsAt }: Told,
): Promise<void> {
  const facts = publicFacts(id, after);
  switch (change) {
    case 'finalized': {
      const dueAt = after.due_at?.toISOString() ?? null;
      const hasFailed = after.status === 'open' && after.attempt_count > 0;
      const payload = { ...facts, due_at: dueAt, has_failed: hasFailed };
      const topic = 'invoice.finalized';
      await announce(tx, ctx, { topic, dedupeKey: `${topic}:${id}:finalized`, payload });
      return;
    }
    case 'paid':
    case 'payment_action_required': {
      const topic = `invoice.${change}` as const;
      await announce(tx, ctx, { topic, dedupeKey: `${topic}:${id}:${change}`, payload: facts });
      return;
    }
    case 'payment_failed': {
      // The first failure. Those who are reminded on days 3 and 7 have keys of their own.
      const payload = { ...facts, day: 0 as const, grace_ends_at: graceEndsAt };
      const topic = 'invoice.payment_failed';
      await announce(tx, ctx, { topic, dedupeKey: `${topic}:${id}:0`, payload });
      return;
    }
    case 'voided':
    case 'uncollectible':
    case 'credited':
  }
}
