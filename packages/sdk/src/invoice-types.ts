import type { List } from './types.ts';

interface Period {
  start: string;
  end: string;
}

/** An invoice; money in minor units of `currency`. */
export interface Invoice {
  id: string;
  object: 'invoice';
  workspace_id: string;
  number: string | null;
  status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';
  reason: string;
  currency: string;
  total_minor: number;
  balance_applied_minor: number;
  amount_due_minor: number;
  amount_paid_minor: number;
  amount_remaining_minor: number;
  credited_minor: number;
  period: Period;
  created_at: string;
  finalized_at: string | null;
  due_at: string | null;
  next_attempt_at: string | null;
  paid_at: string | null;
  voided_at: string | null;
  hosted_invoice_url: string | null;
}

export interface InvoiceLine {
  id: string;
  object: 'invoice_line';
  kind: 'base' | 'proration' | 'overage' | 'credit';
  description: string;
  quantity: number;
  /** Exact, in major units. */
  unit_amount: string | null;
  amount_minor: number;
  period: Period;
  /** Of overage: the conversion type. */
  type: string | null;
}

export interface InvoiceWithLines extends Invoice {
  lines: InvoiceLine[];
}

export interface CountedConversion {
  id: string;
  object: 'counted_conversion';
  type: string;
  admitted_at: string;
  completed_at: string;
  unit_amount: string;
  plan_version: number;
  override_id: string | null;
  api_key_id: string | null;
  member_id: string | null;
}

/** Why a line of an invoice is what it is. */
export interface LineExplanation {
  object: 'invoice_line_explanation';
  invoice_id: string;
  line: InvoiceLine;
  currency: string;
  rule: string;
  sources: {
    plan: { id: string; name: string; version: number };
    quantity: number | null;
    override: null | {
      id: string;
      overage_price: string | null;
      reason: string | null;
      author: { kind: string; id: string } | null;
      created_at: string | null;
      expires_at: string | null;
    };
  }[];
  arithmetic: {
    text: string;
    quantity: number;
    unit_amount: string | null;
    exact_minor: string | null;
    amount_minor: number;
    rounding: string | null;
  };
  conversions: List<CountedConversion> | null;
}
