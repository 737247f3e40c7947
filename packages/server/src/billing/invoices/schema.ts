import { z } from 'zod';
import { listOf } from '../../http/list.ts';

const period = z.object({ start: z.string(), end: z.string() });

const invoiceFields = {
  id: z.string(),
  object: z.literal('invoice'),
  workspace_id: z.string(),
  /** Null while it is a draft. */
  number: z.string().nullable(),
  status: z.enum(['draft', 'open', 'paid', 'void', 'uncollectible']),
  /** Why there is one: `subscription_create`, `subscription_cycle`, `subscription_update`, `manual`. */
  reason: z.string(),
  currency: z.string(),
  total_minor: z.int(),
  /** Of the total, what the workspace's balance took over: credit lowers what is due. */
  balance_applied_minor: z.int(),
  amount_due_minor: z.int(),
  amount_paid_minor: z.int(),
  amount_remaining_minor: z.int(),
  /** Given back after it was paid. */
  credited_minor: z.int(),
  period,
  created_at: z.string(),
  finalized_at: z.string().nullable(),
  due_at: z.string().nullable(),
  next_attempt_at: z.string().nullable(),
  paid_at: z.string().nullable(),
  voided_at: z.string().nullable(),
  /** Where it can be paid, in a browser. */
  hosted_invoice_url: z.string().nullable(),
};

/** An invoice in a list; money in minor units of `currency`. */
export const invoiceSchema = z.object(invoiceFields).meta({ id: 'Invoice' });

export const invoiceLineSchema = z
  .object({
    id: z.string(),
    object: z.literal('invoice_line'),
    kind: z.enum(['base', 'proration', 'overage', 'credit']),
    description: z.string(),
    quantity: z.int(),
    /** Exact, in major units; null where the amount is no multiple of one. */
    unit_amount: z.string().nullable(),
    amount_minor: z.int(),
    period,
    /** The conversion type, of overage. */
    type: z.string().nullable(),
  })
  .meta({ id: 'InvoiceLine' });

export const invoiceWithLinesSchema = z
  .object({ ...invoiceFields, lines: z.array(invoiceLineSchema) })
  .meta({ id: 'InvoiceWithLines' });

export type Invoice = z.infer<typeof invoiceSchema>;
export type InvoiceLine = z.infer<typeof invoiceLineSchema>;
export type InvoiceWithLines = z.infer<typeof invoiceWithLinesSchema>;

const countedConversion = z.object({
  id: z.string(),
  object: z.literal('counted_conversion'),
  type: z.string(),
  admitted_at: z.string(),
  completed_at: z.string(),
  unit_amount: z.string(),
  plan_version: z.int(),
  override_id: z.string().nullable(),
  api_key_id: z.string().nullable(),
  member_id: z.string().nullable(),
});

/** Why a line is what it is. */
export const lineExplanationSchema = z
  .object({
    object: z.literal('invoice_line_explanation'),
    invoice_id: z.string(),
    line: invoiceLineSchema,
    currency: z.string(),
    /** The rule in words. */
    rule: z.string(),
    /** By which versions of which plans, and under which overrides, with how many conversions of each. */
    sources: z.array(
      z.object({
        plan: z.object({ id: z.string(), name: z.string(), version: z.int() }),
        quantity: z.int().nullable(),
        override: z
          .object({
            id: z.string(),
            overage_price: z.string().nullable(),
            reason: z.string().nullable(),
            author: z.object({ kind: z.string(), id: z.string() }).nullable(),
            created_at: z.string().nullable(),
            expires_at: z.string().nullable(),
          })
          .nullable(),
      }),
    ),
    arithmetic: z.object({
      text: z.string(),
      quantity: z.int(),
      unit_amount: z.string().nullable(),
      /** Before rounding, in minor units. */
      exact_minor: z.string().nullable(),
      amount_minor: z.int(),
      rounding: z.string().nullable(),
    }),
    /** The conversions counted on an overage line, newest first; null: it counts none. */
    conversions: listOf(countedConversion).nullable(),
  })
  .meta({ id: 'InvoiceLineExplanation' });

export type LineExplanation = z.infer<typeof lineExplanationSchema>;
export type CountedConversion = z.infer<typeof countedConversion>;
